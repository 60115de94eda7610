import { beforeEach, describe, expect, test } from "bun:test";
import { rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hexOf } from "../oci/digest.ts";
import { blobOf, imageOf, indexOf } from "../testing/artifacts.ts";
import { chart, places } from "./place.suite.ts";

const at = places();

describe("what is broken there is told, and stops nothing else", () => {
  const layer = chart.blobs[1]!;
  beforeEach(async () => {
    await at().there.push("b", imageOf([blobOf("whole")]), "1");
  });
  const { digest } = chart.descriptor;
  const rows: [string, () => Promise<void>, string[]][] = [
    [
      "a blob that rotted",
      () => at().there.write(at().there.data(layer.descriptor.digest), "a chert"),
      [
        `failed a blob ${layer.descriptor.digest}: Content has digest ${blobOf("a chert").descriptor.digest}, expected ${layer.descriptor.digest}`,
        `incomplete a manifest ${digest}: without ${layer.descriptor.digest}`,
      ],
    ],
    [
      "a blob whose bytes are gone",
      () => rm(at().there.data(layer.descriptor.digest)),
      [`incomplete a manifest ${digest}: without ${layer.descriptor.digest}`],
    ],
    [
      "a blob that was deleted",
      () => at().there.delete("a", "_layers", layer.descriptor.digest),
      [`incomplete a manifest ${digest}: without ${layer.descriptor.digest}`],
    ],
    [
      "a blob's link without a digest",
      () => at().there.write(at().there.link("a", "_layers", layer.descriptor.digest), ""),
      [
        `incomplete a manifest ${digest}: without ${layer.descriptor.digest}`,
        `left-out  repositories/a/_layers/sha256/${hexOf(layer.descriptor.digest)}/link: it holds no digest`,
      ],
    ],
    [
      "a manifest that rotted",
      () => at().there.write(at().there.data(digest), "{"),
      [
        `failed a manifest ${digest}: Content of ${digest} is not what its descriptor says: its digest is ${blobOf("{").descriptor.digest}`,
        `left-out a tag 1: it names ${digest}, which is not there`,
      ],
    ],
    [
      "a manifest whose bytes are gone",
      () => rm(at().there.data(digest)),
      [
        `left-out a manifest ${digest}: its bytes are gone`,
        `left-out a tag 1: it names ${digest}, which is not there`,
      ],
    ],
    [
      "a manifest that was deleted, but for its tag",
      () => at().there.delete("a", "_manifests/revisions", digest),
      [`left-out a tag 1: it names ${digest}, which is not there`],
    ],
    ["a tag without a link", () => rm(at().there.tagLink("a", "1")), ["left-out a tag 1: it names nothing"]],
    [
      "a tag's link without a digest",
      () => at().there.write(at().there.tagLink("a", "1"), "sha256:abc"),
      [
        "left-out  repositories/a/_manifests/tags/1/current/link: it holds no digest",
        "left-out a tag 1: it names nothing",
      ],
    ],
    [
      "strangers",
      async () => {
        await at().there.write(at().there.path("repositories/.DS_Store"), "");
        await at().there.write(at().there.path("repositories/Upper/_layers/x"), "");
        await at().there.write(at().there.path("repositories/a/_layers/tarsum/x"), "");
        await at().there.write(at().there.path("repositories/a/_layers/sha256/abc/link"), "");
        await at().there.write(at().there.path("repositories/a/_manifests/tags/-x/current/link"), digest);
        await symlink("/etc", at().there.path("repositories/etc"));
      },
      [
        "left-out  repositories/.DS_Store: it is not Distribution's",
        "left-out  repositories/Upper: it is not Distribution's",
        "left-out  repositories/a/_layers/sha256/abc: it is not Distribution's",
        "left-out  repositories/a/_layers/tarsum: it is not Distribution's",
        "left-out  repositories/a/_manifests/tags/-x: it is not Distribution's",
        "left-out  repositories/etc: it is not Distribution's",
      ],
    ],
    [
      "a blob that is a symbolic link",
      async () => {
        await rm(at().there.data(layer.descriptor.digest));
        await symlink(join(at().folder, "elsewhere"), at().there.data(layer.descriptor.digest));
        await writeFile(join(at().folder, "elsewhere"), layer.bytes);
      },
      [`incomplete a manifest ${digest}: without ${layer.descriptor.digest}`],
    ],
    [
      "a manifest that is too large",
      () => at().there.write(at().there.data(digest), " ".repeat(4 * 1024 * 1024 + 1)),
      [
        `failed a manifest ${digest}: It has 4194305 bytes, and a manifest has 4194304 at most`,
        `left-out a tag 1: it names ${digest}, which is not there`,
      ],
    ],
  ];
  for (const [what, damage, findings] of rows)
    test(what, async () => {
      await at().there.push("a", chart, "1");
      await damage();
      expect((await at().adopted()).findings).toEqual(findings);
      await at().expectHere("b", imageOf([blobOf("whole")]));
    });

  test("a manifest of schema 1, and one that is no manifest", async () => {
    const old = { ...blobOf('{"schemaVersion": 1, "fsLayers": []}'), blobs: [], children: [] };
    const wrong = { ...blobOf('{"schemaVersion": 2, "mediaType": "text/html"}'), blobs: [], children: [] };
    await at().there.push("a", old, "1");
    await at().there.push("a", wrong, "2");
    expect((await at().adopted()).findings).toEqual([
      `failed a manifest ${wrong.descriptor.digest}: Cannot parse manifest: "text/html" is no media type of manifests`,
      `left-out a manifest ${old.descriptor.digest}: it is of Docker's schema 1: push the image again`,
      `left-out a tag 1: it names ${old.descriptor.digest}, which is not there`,
      `left-out a tag 2: it names ${wrong.descriptor.digest}, which is not there`,
    ]);
  });

  test("an index whose images were deleted", async () => {
    const index = indexOf([chart]);
    await at().there.push("a", index, "1");
    await at().there.delete("a", "_manifests/revisions", digest);
    expect((await at().adopted()).findings).toEqual([
      `incomplete a manifest ${index.descriptor.digest}: without ${digest}`,
    ]);
    expect(await at().tag("a", "1")).toBe(index.descriptor.digest);
  });
});
