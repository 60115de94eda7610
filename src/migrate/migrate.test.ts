import { beforeEach, describe, expect, test } from "bun:test";
import { describe as descriptorOf } from "../oci/descriptor.ts";
import { digestOf } from "../oci/digest.ts";
import { parseTag, type RepositoryName } from "../oci/reference.ts";
import { codeOf, failureOf } from "../testing/errors.ts";
import { memoryMigration } from "../testing/memoryMigration.ts";
import { archiveOf, provenanceOf, rowOf, stepOf } from "../testing/migrate.ts";
import type { IndexRow } from "./indexRow.ts";
import type { Learned } from "./journal.ts";
import { foresee, type Migration } from "./migrate.ts";
import { verifyStep } from "./verify.ts";

const [archive, other] = [await archiveOf("mychart", "1.0.0"), await archiveOf("mychart", "2.0.0")];
const created = "2026-06-15T15:50:31.199963+02:00";
const row = (more: Partial<IndexRow> = {}) =>
  rowOf("mychart", "1.0.0", { digest: digestOf(archive), created, ...more });
const utf8 = (text: string) => new TextEncoder().encode(text);

const url = "mychart-1.0.0.tgz";
const { files, fetched, repositories, repository, migration, run, held, clear } = memoryMigration();
beforeEach(clear);

describe("a chart", () => {
  test("goes over byte for byte, with its date and its provenance, and the same again fetches nothing", async () => {
    files.set(url, archive).set(`${url}.prov`, utf8(provenanceOf(digestOf(archive))));
    const outcome = await run(stepOf(row()));
    expect(outcome).toMatchObject({ status: "moved", archive: digestOf(archive), notes: [] });
    expect(await held()).toMatchObject({
      content: { digest: digestOf(archive) },
      provenance: { digest: digestOf(files.get(`${url}.prov`)!) },
      created: "2026-06-15T13:50:31Z",
      manifest: outcome.manifest,
    });
    expect(await run(stepOf(row()))).toMatchObject({ status: "exists" });
    expect(fetched).toEqual([url]);
    expect(await verifyStep(migration(), stepOf(row()))).toMatchObject({ status: "verified" });
  });

  test("without a digest in the index is fetched to be compared, unless a journal knows", async () => {
    files.set(url, archive);
    const step = stepOf(row({ digest: undefined }));
    const { manifest } = await run(step);
    expect(await run(step)).toMatchObject({ status: "exists", manifest });
    expect(fetched).toHaveLength(2);
    const find = (): Learned => ({ tag: step.tag, manifest: manifest! });
    expect(await run(step, { learnings: { find } })).toMatchObject({ status: "exists" });
    expect(fetched).toHaveLength(2);
    expect(await verifyStep(migration(), step)).toMatchObject({ status: "verified" });
  });

  test("is fetched from the first place that has the right bytes", async () => {
    files.set("wrong", other).set("page", utf8("<html>")).set("right", archive);
    expect(await run(stepOf(row({ urls: ["gone", "page", "wrong", "right"] })))).toMatchObject({
      status: "moved",
    });
    expect(fetched).toEqual(["gone", "page", "wrong", "right"]);
  });

  test("that is a page, gone, or nothing that a file can be, is told", async () => {
    files.set("page", utf8(" <html>")).set("text", utf8("no archive"));
    const said = async (...urls: string[]) => failureOf(run(stepOf(row({ urls }))));
    expect(await said("page")).toMatchObject({
      code: "invalid",
      message: "page is a web page, not an archive",
    });
    expect(await said("text")).toMatchObject({
      code: "invalid",
      message: "text is no archive: it is not gzip",
    });
    expect(await said("gone")).toMatchObject({ code: "not_found" });
    expect(await said()).toMatchObject({ code: "not_found" });
  });
});

describe("a chart that the index has dated anew", () => {
  const before = stepOf(row());
  const after = (more: Partial<IndexRow> = {}) => stepOf(row({ created: "2026-07-01T00:00:00Z", ...more }));
  beforeEach(() => void files.set(url, archive));

  test("stays as it came, and its archive is not fetched for that", async () => {
    const { manifest } = await run(before);
    expect(await foresee(migration(), after())).toMatchObject({ status: "exists", manifest });
    expect(await run(after())).toMatchObject({ status: "exists", manifest });
    expect(await run(after({ created: "" }))).toMatchObject({ status: "exists", manifest });
    expect(fetched).toEqual([url]);
    expect(await run(after({ digest: undefined }))).toMatchObject({ status: "exists", manifest });
    expect(await verifyStep(migration(), after())).toMatchObject({
      status: "verified",
      notes: ["it came 2026-06-15T13:50:31Z; by now the index says 2026-07-01T00:00:00Z"],
    });
  });

  test("has its new date where it is asked to be overwritten, and that is told", async () => {
    const { manifest } = await run(before);
    expect(await run(after(), { onConflict: "overwrite" })).toMatchObject({
      status: "moved",
      notes: [`it replaces ${manifest}`],
    });
    expect((await held())?.created).toBe("2026-07-01T00:00:00Z");
  });

  test("is in conflict where its manifest is somebody else's", async () => {
    await run(before);
    const stored = (await repository("mychart").manifest(parseTag("1.0.0")))!;
    const bytes = utf8(`${new TextDecoder().decode(stored.bytes)}\n`);
    await repository("mychart").pushManifest(descriptorOf(bytes, stored.descriptor.mediaType), bytes, {
      tags: [parseTag("1.0.0")],
      expect: "any",
    });
    expect(await codeOf(run(after()))).toBe("conflict");
    expect(await foresee(migration(), after())).toMatchObject({ status: "conflict" });
    expect(await codeOf(verifyStep(migration(), after()))).toBe("not_verified");
  });
});

describe("an archive that is not what the index says", () => {
  const step = stepOf(row({ digest: digestOf(other) }));
  beforeEach(() => void files.set(url, archive));

  test("fails, is taken and said, or left out, by the policy", async () => {
    expect(await codeOf(run(step))).toBe("not_verified");
    expect(await run(step, { onMismatch: "skip" })).toMatchObject({ status: "skipped" });
    expect(await held()).toBeUndefined();
    expect(await run(step, { onMismatch: "warn" })).toMatchObject({
      status: "moved",
      notes: [`the index says ${digestOf(other)}, the archive is ${digestOf(archive)}`],
    });
    expect(await verifyStep(migration(), step)).toMatchObject({
      status: "verified",
      notes: [`the index says ${digestOf(other)}, and is wrong`],
    });
  });

  test("for what is in a digest's place and is none, is taken and said", async () => {
    const odd = stepOf(row({ digest: undefined, oddDigest: "sha1:0123" }));
    expect(await run(odd)).toMatchObject({
      status: "moved",
      notes: ['the index says "sha1:0123", which is no digest to compare with'],
    });
  });

  test("or lies about its name or its version, goes nowhere", async () => {
    for (const [name, version] of [
      ["other", "1.0.0"],
      ["mychart", "1.0.1"],
    ] as const) {
      files.set("lie", archive);
      const lie = stepOf(rowOf(name, version, { urls: ["lie"] }));
      expect(await failureOf(run(lie, { onConflict: "overwrite" }))).toMatchObject({
        code: "invalid",
        message: "The archive is of mychart 1.0.0, not what the index says",
      });
    }
    const tags = [...repositories.values()].map((each) => Array.fromAsync(each.tags()));
    expect((await Promise.all(tags)).flat()).toEqual([]);
    expect(await held()).toBeUndefined();
  });

  test("but writes its version in another way, gets that for its tag", async () => {
    const loose = stepOf(rowOf("mychart", "v1.0", { urls: [url] }));
    expect(await run(loose)).toMatchObject({
      status: "moved",
      tag: "1.0.0",
      notes: ["the archive writes its version 1.0.0, and that is its tag"],
    });
    expect(await run(loose)).toMatchObject({ status: "exists" });
  });
});

describe("a tag that holds something else", () => {
  const step = stepOf(row());
  beforeEach(async () => {
    files.set(url, archive).set("before", other);
    // Another archive under the very tag: what the index had for this version before.
    const stale = stepOf(rowOf("mychart", "2.0.0", { urls: ["before"] }));
    await run(stale);
    const { manifest } = (await held("mychart", "2.0.0"))!;
    const stored = (await repository("mychart").manifest(manifest))!;
    await repository("mychart").pushManifest(stored.descriptor, stored.bytes, {
      tags: [step.tag],
      expect: "any",
    });
    fetched.length = 0;
  });

  test("is left alone, and that is a failure", async () => {
    const before = await held();
    expect(await failureOf(run(step))).toMatchObject({ code: "conflict" });
    expect(await held()).toEqual(before);
    expect(await codeOf(verifyStep(migration(), step))).toBe("not_verified");
  });

  test("is left alone, and said, without fetching anything, when that was asked for", async () => {
    expect(await run(step, { onConflict: "skip" })).toMatchObject({
      status: "skipped",
      notes: ["its tag holds something else"],
    });
    expect(fetched).toEqual([]);
  });

  test("is replaced when that was asked for", async () => {
    expect(await run(step, { onConflict: "overwrite" })).toMatchObject({ status: "moved" });
    expect(await held()).toMatchObject({ content: { digest: digestOf(archive) } });
  });

  test("is not replaced by a row of another tag", async () => {
    const loose = stepOf(rowOf("mychart", "v1.0.0", { urls: [url] }));
    expect(await codeOf(run(loose, { onConflict: "overwrite" }))).toBe("conflict");
  });

  test("is foreseen", async () => {
    expect(await foresee(migration(), step)).toMatchObject({ status: "conflict" });
    expect(await foresee(migration({ onConflict: "skip" }), step)).toMatchObject({ status: "skipped" });
    expect(await foresee(migration({ onConflict: "overwrite" }), step)).toMatchObject({
      status: "planned",
      notes: ["its tag holds something else"],
      size: archive.byteLength,
    });
    expect(await foresee(migration(), stepOf(row({ digest: undefined })))).toMatchObject({
      status: "planned",
    });
    expect(fetched).toEqual([]);
  });
});

describe("verify", () => {
  test("names what is missing, and another date", async () => {
    files.set(url, archive);
    expect(await failureOf(verifyStep(migration(), stepOf(row())))).toMatchObject({
      code: "not_found",
      message: "Missing: mychart:1.0.0",
    });
    await run(stepOf(row({ created: "" })));
    expect(await failureOf(verifyStep(migration(), stepOf(row())))).toMatchObject({
      code: "not_verified",
      message: "mychart:1.0.0 differs: it came at no time, and the index says 2026-06-15T13:50:31Z",
    });
  });
});

test("nothing is asked for once the user has stopped it", async () => {
  const signal = AbortSignal.abort(new DOMException("stop", "AbortError"));
  expect(await failureOf(run(stepOf(row()), { signal }))).toMatchObject({ name: "AbortError" });
  expect(fetched).toEqual([]);
  expect(repositories.has("mychart" as RepositoryName)).toBe(false);
});

describe("a target that lists a repository as not there", () => {
  const target = (asked: string[] = []): Migration["target"] => ({
    lacks: async () => true,
    reads: (name) => {
      asked.push(name);
      return repository(name);
    },
    push: (name, work) => work(repository(name)),
  });

  test("is not asked for its tags", async () => {
    files.set(url, archive);
    const asked: string[] = [];
    expect(await foresee(migration({ target: target(asked) }), stepOf(row()))).toMatchObject({
      status: "planned",
    });
    expect(await run(stepOf(row()), { target: target(asked) })).toMatchObject({ status: "moved" });
    expect(asked).toEqual([]);
    expect((await held())?.content.digest).toBe(digestOf(archive));
  });

  test("and has it by now, is looked at, and the policy holds", async () => {
    files.set(url, archive);
    files.set("other.tgz", other);
    await run(stepOf(rowOf("mychart", "2.0.0", { urls: ["other.tgz"] })));
    const there = (await repository("mychart").manifest(parseTag("2.0.0")))!;
    await repository("mychart").pushManifest(there.descriptor, there.bytes, {
      tags: [parseTag("1.0.0")],
      expect: "any",
    });
    const step = stepOf(row());
    expect(await codeOf(run(step, { target: target() }))).toBe("conflict");
    expect(await run(step, { target: target(), onConflict: "skip" })).toMatchObject({ status: "skipped" });
    expect(await run(step, { target: target(), onConflict: "overwrite" })).toMatchObject({ status: "moved" });
  });
});
