import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Transport } from "../http/transport.ts";
import { openLayout } from "../layout/layout.ts";
import { shortHex } from "../oci/digest.ts";
import { parseReference, parseTag, type Tag, tryTag } from "../oci/reference.ts";
import { referrersTag } from "../oci/referrers.ts";
import { openRemote } from "../remote/open.ts";
import { type Artifact, blobOf, imageOf, indexOf, pushArtifact } from "../testing/artifacts.ts";
import { type Played, play } from "../testing/context.ts";
import { oldRegistry, refuse, testRegistry } from "../testing/registry.ts";
import { type TestServer, testServer } from "../testing/server.ts";
import { noise } from "../testing/streams.ts";

let folder = "";
let server: TestServer;
let host = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chartroom-copy-"));
  server = await testServer();
  host = new URL(server.url).host;
});
afterEach(async () => {
  await server.dispose();
  await rm(folder, { recursive: true, force: true });
});

const run = (...argv: string[]): Promise<Played> => play([...argv, "--no-progress"], { cwd: folder });
const done = async (...argv: string[]): Promise<string> => {
  const { exitCode, stdout, stderr } = await run(...argv);
  if (exitCode !== 0) throw new Error(`${argv.join(" ")} ended with ${exitCode}: ${stderr}`);
  return stdout;
};
const remote = (name: string) =>
  openRemote(parseReference(name), { transport: new Transport({ userAgent: "test" }) });
const push = (name: string, artifact: Artifact, tags: string[] = ["1"]) =>
  pushArtifact(remote(`${host}/${name}`), artifact, { tags: tags.map(parseTag), expect: "any" });
const held = async (name: string, ref: string) =>
  (await remote(name).resolve((tryTag(ref) ?? ref) as Tag))?.digest;

const [one, two] = [imageOf([blobOf("one")]), imageOf([blobOf("two")])];

describe("one", () => {
  test("goes from place to place, keeps its tag and its digest, and is told in three ways", async () => {
    await push("a/b", one);
    const { digest } = one.descriptor;
    expect(await done("copy", `${host}/a/b:1`, `${host}/c`)).toBe(`${host}/c:1: copied\n`);
    expect(await done("copy", `${host}/c:1`, "layout:dir")).toBe(`${host}/c:1: copied\n`);
    expect(await done("copy", `layout:dir:${host}/c:1`, "store:", "-q")).toBe(`${host}/c@${digest}\n`);
    const json = await done("copy", `store:${host}/c:1`, `${host}/d:2`, "-o", "json");
    const { mediaType, size } = one.descriptor;
    expect(JSON.parse(json)).toEqual({
      source: `${host}/c:1`,
      ref: `${host}/d:2`,
      status: "copied",
      manifest: { digest, size, mediaType },
      referrers: 0,
    });
    expect(await done("copy", `${host}/d@${digest}`, "layout:tags:v1")).toBe("v1: copied\n");
    expect(await held(`${host}/d`, "2")).toBe(digest);
    expect(await done("copy", "layout:tags:v1", `${host}/d:2`)).toBe(`${host}/d:2: already there\n`);
  });

  test("by digest is there by digest, and named by it in a layout", async () => {
    await push("a", one);
    const name = `${host}/a@${one.descriptor.digest}`;
    expect(await done("copy", name, `${host}/c`)).toBe(`${host}/c@${one.descriptor.digest}: copied\n`);
    expect(await done("copy", name, "layout:dir")).toBe(`${name}: copied\n`);
    const index = await openLayout(join(folder, "dir")).index();
    expect(index.named().map((entry) => entry.name)).toEqual([name]);
    expect(await done("copy", "layout:dir/", `${host}/m/`)).toContain(`${host}/m/a@${one.descriptor.digest}`);
  });

  test("does not replace what a tag holds, unless forced", async () => {
    await push("a", one);
    await push("b", two);
    await done("copy", `${host}/b:1`, "layout:dir");
    for (const target of [`${host}/b:1`, `layout:dir:${host}/b:1`]) {
      const refused = await run("copy", `${host}/a:1`, target);
      expect(refused).toMatchObject({ exitCode: 5, stdout: "" });
      expect(refused.stderr).toContain("--force replaces what the tag holds");
      expect(await done("copy", `${host}/a:1`, target, "--force")).toEndWith(": copied\n");
    }
    expect(await held(`${host}/b`, "1")).toBe(one.descriptor.digest);
  });

  test("without a tag is a usage error that names the tags there are", async () => {
    await push("a", one, ["1", "2"]);
    const remoteSaid = await run("copy", `${host}/a`, "layout:dir");
    expect(remoteSaid).toMatchObject({ exitCode: 2, stdout: "" });
    expect(remoteSaid.stderr).toContain("There are: 1, 2. --all-tags copies all.");
    await done("copy", `${host}/a:1`, "layout:dir");
    expect((await run("copy", "layout:dir", "store:")).stderr).toContain(
      `There are: ${host}/a:1. A / at the end`,
    );
  });

  test("a target that cannot be is a usage error", async () => {
    await push("a", one);
    for (const target of [`${host}/c@${one.descriptor.digest}`, "store:host:5000"])
      expect(await run("copy", `${host}/a:1`, target)).toMatchObject({ exitCode: 2 });
    expect(await run("copy", "--all-tags", `${host}/a`, `${host}/c:1`)).toMatchObject({ exitCode: 2 });
    expect(await run("copy", "--all-tags", `${host}/a:1`, `${host}/c`)).toMatchObject({ exitCode: 2 });
    await done("copy", `${host}/a:1`, "layout:dir");
    const bare = await run("copy", `layout:dir:@${one.descriptor.digest}`, "layout:other");
    expect(bare).toMatchObject({ exitCode: 2 });
    expect(await run("copy", `${host}/none:1`, "layout:dir")).toMatchObject({ exitCode: 3 });
  });

  test("into a layout mends what is damaged there, into a registry it is not sent again", async () => {
    await push("a", one);
    await done("copy", `${host}/a:1`, "layout:dir");
    const layout = openLayout(join(folder, "dir"));
    const path = layout.blobPath(one.blobs[1]!.descriptor.digest);
    await unlink(path);
    await writeFile(path, "rotten");
    expect(await done("copy", `${host}/a:1`, "layout:dir")).toEndWith(": already there\n");
    expect(await readFile(path, "utf8")).toBe("one");
  });

  test("within a registry its blobs are mounted", async () => {
    await push("a", one);
    const { stderr } = await run("copy", `${host}/a:1`, `${host}/b`, "--debug");
    expect(stderr.match(/POST .*mount=.*from=a/g)).toHaveLength(2);
    expect(stderr).not.toMatch(/PUT .*blobs/);
    expect(await held(`${host}/b`, "1")).toBe(one.descriptor.digest);
  });

  test("each end may speak http alone", async () => {
    await push("a", one);
    const https = await run("copy", `${host}/a:1`, "layout:dir", "--plain-http=false");
    expect(https.exitCode).toBe(7);
    await done("copy", `${host}/a:1`, "layout:dir", "--plain-http=false", "--from-plain-http");
    await done("copy", `layout:dir:${host}/a:1`, `${host}/b`, "--plain-http=false", "--to-plain-http");
    expect(await held(`${host}/b`, "1")).toBe(one.descriptor.digest);
  });

  test("what is broken among the logins is told once for both ends", async () => {
    const there = testRegistry(({ headers }) =>
      headers.has("authorization")
        ? undefined
        : new Response(null, { status: 401, headers: { "www-authenticate": 'Basic realm="r"' } }),
    );
    try {
      await writeFile(join(folder, "broken.json"), "{");
      const auth = Buffer.from("user:secret").toString("base64");
      await writeFile(join(folder, ".dockercfg"), JSON.stringify({ [there.host]: { auth } }));
      const [from, to] = [`${there.host}/a:1`, `${there.host}/b`];
      const said = await run("copy", from, to, "--registry-config", "broken.json");
      expect(said.stderr.match(/^Warning: .*broken\.json/gm)).toHaveLength(1);
    } finally {
      await there.stop();
    }
  });

  test("an index goes with all its platforms", async () => {
    const index = indexOf([one, indexOf([two])]);
    await push("images", index);
    await done("copy", `${host}/images:1`, "layout:dir:v1");
    await done("copy", "layout:dir:v1", `${host}/back`);
    for (const { descriptor } of [index, one, two])
      expect(await held(`${host}/back`, descriptor.digest)).toBe(descriptor.digest);
  });
});

describe("referrers", () => {
  const signature = imageOf([blobOf("signed")], {
    subject: one.descriptor,
    artifactType: "application/x-sig",
  });
  const cosigned = imageOf([blobOf("signed by cosign 2")]);
  const sigTag = `${referrersTag(one.descriptor.digest)}.sig`;

  for (const [name, make] of [
    ["a registry with the API", testRegistry],
    ["a registry without it", oldRegistry],
  ] as const)
    test(`go along to ${name} and back, cosign's tags too`, async () => {
      await push("a", one);
      await push("a", signature, []);
      await push("a", cosigned, [sigTag]);
      const there = make();
      try {
        expect(await done("copy", "--referrers", `${host}/a:1`, `${there.host}/x`)).toBe(
          `${there.host}/x:1: copied, with 2 referrers\n`,
        );
        expect(await done("copy", "--referrers", `${there.host}/x:1`, "layout:dir")).toContain("with 2 ");
        expect(await done("copy", "--referrers", `layout:dir:${there.host}/x:1`, `${host}/back`)).toContain(
          "with 2 ",
        );
        const back = remote(`${host}/back`);
        const listed = await Array.fromAsync(back.referrers(one.descriptor.digest));
        expect(listed.map(({ digest }) => digest)).toEqual([signature.descriptor.digest]);
        expect(await Array.fromAsync(back.tags())).toEqual(["1", sigTag].map(parseTag));
        expect(await done("copy", `${host}/a:1`, `${host}/without`)).not.toContain("referrer");
      } finally {
        await there.stop();
      }
    });

  test("a list under a tag is no tag to copy", async () => {
    const there = oldRegistry();
    try {
      for (const [artifact, tags] of [
        [one, [parseTag("1")]],
        [signature, []],
      ] as const)
        await pushArtifact(remote(`${there.host}/x`), artifact, { tags, expect: "any" });
      expect(await Array.fromAsync(there.repository.tags())).toHaveLength(2);
      const said = await done("copy", "--all-tags", "--referrers", `${there.host}/x`, `${host}/y`);
      expect(said).toBe(`${host}/y:1: copied, with 1 referrer\n1 copied\n`);
      expect(await Array.fromAsync(remote(`${host}/y`).tags())).toEqual([parseTag("1")]);
    } finally {
      await there.stop();
    }
  });
});

describe("many", () => {
  test("all tags, and all repositories below, out and in again", async () => {
    await push("team/a", one, ["1", "2"]);
    await push("team/b", two);
    await push("teams", two);
    expect(await done("copy", "--all-tags", `${host}/team/a`, `${host}/only`)).toBe(
      `${host}/only:1: copied\n${host}/only:2: copied\n2 copied\n`,
    );
    expect(await done("copy", `${host}/team/`, "store:")).toEndWith("3 copied\n");
    expect(await done("copy", `${host}/team/`, "store:")).toEndWith("3 already there\n");
    expect(await done("copy", "store:/", `${host}/mirror/`, "--dry-run")).toEndWith("3 to copy\n");
    expect(await held(`${host}/mirror/team/a`, "1")).toBeUndefined();
    expect(await done("copy", `store:${host}/team/`, `${host}/mirror/`, "-q")).toBe(
      [
        ["a", one],
        ["a", one],
        ["b", two],
      ]
        .map(([name, artifact]) => `${host}/mirror/${name}@${(artifact as Artifact).descriptor.digest}\n`)
        .join(""),
    );
    expect(await held(`${host}/mirror/b`, "1")).toBe(two.descriptor.digest);
  });

  test("a blob that several of them share is sent once", async () => {
    const shared = blobOf(noise(300_000));
    for (const i of [1, 2, 3, 4]) await push("team/a", imageOf([shared, blobOf(`${i}`)]), [`${i}`]);
    for (const target of ["layout:dir", `${host}/b`]) {
      const { stdout, stderr } = await play(["copy", "--all-tags", `${host}/team/a`, target], {
        cwd: folder,
      });
      expect(stdout).toEndWith("4 copied\n");
      const lines = stderr.split("\n").filter((line) => line.startsWith(shortHex(shared.descriptor.digest)));
      expect(lines.filter((line) => line.includes("already there")).length).toBe(
        target === "layout:dir" ? 3 : 4,
      );
    }
  });

  test("one that fails does not stop the rest, and the exit code says so", async () => {
    await push("a", one, ["1", "2", "3"]);
    await push("b", two, ["2"]);
    const said = await run("copy", "--all-tags", `${host}/a`, `${host}/b`);
    expect(said.exitCode).toBe(1);
    expect(said.stdout).toBe(`${host}/b:1: copied\n${host}/b:3: copied\n2 copied, 1 failed\n`);
    expect(said.stderr).toContain(`Error: ${host}/a:2: ${host}/b:2 holds another manifest`);
    expect(said.stderr).toContain("Error: 1 of 3 references could not be copied");

    const json = await run("copy", "--all-tags", `${host}/a`, `${host}/b`, "-o", "json");
    expect(JSON.parse(json.stdout)).toMatchObject([
      { status: "exists" },
      { source: `${host}/a:2`, error: { code: "conflict" } },
      { status: "exists" },
    ]);
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: "invalid" } });
  });

  test("a repository whose tags cannot be read, and an entry that no place could name, are among the failed", async () => {
    const there = testRegistry((_request, { pathname }) =>
      pathname === "/v2/_catalog"
        ? Response.json({ repositories: ["bad", "good"] })
        : pathname === "/v2/bad/tags/list"
          ? refuse(403, "DENIED")
          : undefined,
    );
    try {
      await pushArtifact(there.repository, one, { tags: [parseTag("1")], expect: "any" });
      const said = await run("copy", `${there.host}/`, "layout:dir");
      expect(said).toMatchObject({
        exitCode: 1,
        stdout: `${there.host}/good:1: copied\n1 copied, 1 failed\n`,
      });
      expect(said.stderr).toContain(`Error: ${there.host}/bad: Cannot list tags`);

      const path = join(folder, "dir", "index.json");
      const text = (await readFile(path, "utf8")).replace(`${there.host}/good:1`, "no name");
      await writeFile(path, text);
      const unsaid = await run("copy", "layout:dir", "store:");
      expect(unsaid).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("There is none in it.") });
      const unnamed = await run("copy", "layout:dir/", "store:");
      expect(unnamed).toMatchObject({ exitCode: 1, stdout: "1 failed\n" });
    } finally {
      await there.stop();
    }
  });

  test("nothing there is not found", async () => {
    for (const source of [[`${host}/none/`], ["--all-tags", `${host}/none`], ["layout:none/"], ["store:/"]])
      expect(await run("copy", ...source, "layout:dir")).toMatchObject({ exitCode: 3, stdout: "" });
  });
});
