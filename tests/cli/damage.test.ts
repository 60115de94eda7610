import { expect } from "bun:test";
import { chmod, mkdir, readdir, readFile, rm, truncate, unlink, writeFile } from "node:fs/promises";
import type { Bench } from "../bench.ts";
import { jsonOf, onBench, ref, refused, save } from "./cli.ts";

const cache = (bench: Bench, ...parts: string[]) => bench.path("home/.cache/helm/registry/cache", ...parts);
const contentOf = async (bench: Bench) => {
  const [row] = await jsonOf<{ digest: string }[]>(bench, ["chart", "list"]);
  return cache(bench, "blobs", "sha256", row!.digest.slice("sha256:".length));
};

onBench(
  "a corrupt blob is found and named, never exported or pushed; saving again mends it",
  async (bench) => {
    const { host } = await bench.chartroom();
    const name = `${host}/a/b:1`;
    await save(bench, name);
    const content = await contentOf(bench);
    const bytes = await readFile(content);
    bytes[20]! ^= 1;
    await chmod(content, 0o644);
    await writeFile(content, bytes);
    for (const command of ["export", "push"])
      expect(await refused(bench, "chart", command, name)).toMatchObject({ exitCode: 6 });
    expect((await fetch(`http://${host}/v2/a/b/manifests/1`)).status).toBe(404);
    expect(await refused(bench, "chart", "check")).toMatchObject({ exitCode: 6 });
    await save(bench, name);
    await bench.done("chartroom", ["chart", "check"]);
    await bench.done("chartroom", ["chart", "push", name]);
  },
);

onBench("a missing blob is shown in the list and hides nothing", async (bench) => {
  await save(bench, "localhost:5000/a/b:1");
  await unlink(await contentOf(bench));
  await writeFile(bench.path("mychart", "values.yaml"), "other: true\n");
  await save(bench, "localhost:5000/a/c:1");
  const list = await bench.done("chartroom", ["chart", "list"]);
  expect(list).toMatch(/a\/b:1.*error: .*is missing/);
  expect(list).toMatch(/a\/c:1.*mychart/);
  const [bad] = await jsonOf<{ error: object }[]>(bench, ["chart", "list"]);
  expect(bad?.error).toEqual({ code: "not_verified", message: expect.any(String) });
  expect(await refused(bench, "chart", "export", "localhost:5000/a/b:1")).toMatchObject({ exitCode: 6 });
  await bench.done("chartroom", ["chart", "remove", "localhost:5000/a/b:1"]);
});

onBench(
  "a name of another tool's writes no control sequence to the terminal, and can be removed",
  async (bench) => {
    await save(bench);
    const index = JSON.parse(await readFile(cache(bench, "index.json"), "utf8"));
    const name = "evil\x1b[2J\nmychart\u202e:1";
    const annotations = { "org.opencontainers.image.ref.name": name };
    index.manifests.push({ ...index.manifests[0], annotations });
    await writeFile(cache(bench, "index.json"), JSON.stringify(index));
    const { stdout } = await bench.run("chartroom", ["chart", "list"]);
    expect(stdout).toContain("evil\\u{1b}[2J mychart\\u{202e}:1");
    expect(await jsonOf<{ ref: string }[]>(bench, ["chart", "list"])).toContainEqual(
      expect.objectContaining({ ref: name, name: "mychart" }),
    );
    const said = await bench.run("chartroom", ["chart", "push", name]);
    expect([said.exitCode, said.stderr.includes("\x1b")]).toEqual([2, false]);
    await bench.done("chartroom", ["chart", "export", name]);
    expect(await bench.done("chartroom", ["chart", "remove", name])).not.toContain("\x1b");
    expect(await bench.done("chartroom", ["chart", "list", "-q"])).toBe(`${ref}\n`);
  },
);

onBench("a corrupt index.json is named and left as it is", async (bench) => {
  await save(bench);
  const whole = await readFile(cache(bench, "index.json"));
  await writeFile(cache(bench, "index.json"), whole.subarray(0, 50));
  for (const args of [
    ["list"],
    ["save", "mychart", ref],
    ["remove", ref],
    ["prune"],
    ["check"],
    ["pull", ref],
  ]) {
    const said = await refused(bench, "chart", ...args);
    if (args[0] === "pull") expect([6, 7]).toContain(said.exitCode);
    else expect([args[0], said.exitCode]).toEqual([args[0], 6]);
  }
  expect(await readFile(cache(bench, "index.json"))).toEqual(whole.subarray(0, 50));
});

onBench("a directory of something else is no store", async (bench) => {
  await mkdir(bench.path("letters"));
  await writeFile(bench.path("letters", "dear.txt"), "Dear");
  expect(await refused(bench, "chart", "save", "mychart", ref, "--store", "letters")).toMatchObject({
    exitCode: 1,
  });
  expect(await readdir(bench.path("letters"))).toEqual(["dear.txt"]);
});

onBench(
  "a marker of another version, or one that does not parse, is named and left as it is",
  async (bench) => {
    await save(bench);
    for (const [text, exitCode] of [
      ['{"imageLayoutVersion":"2.0.0"}', 1],
      ["{", 6],
    ] as const) {
      await writeFile(cache(bench, "oci-layout"), text);
      for (const args of [["list"], ["save", "mychart", ref], ["export", ref]]) {
        const said = await refused(bench, "chart", ...args);
        expect([text, args[0], said.exitCode]).toEqual([text, args[0], exitCode]);
        expect(said.message).toContain("oci-layout");
      }
      expect(await readFile(cache(bench, "oci-layout"), "utf8")).toBe(text);
    }
  },
);

onBench("what is cut or gone is shown in the list, though the list remembers what it said", async (bench) => {
  await save(bench);
  const archive = ["chart", "export", ref, "--archive", "-d", "."];
  await bench.done("chartroom", archive);
  await writeFile(bench.path("mychart-0.1.0.tgz.prov"), "signed\n");
  type Row = Record<"manifest" | "provenance", { digest: string }> & { digest: string };
  for (const [i, part] of (["manifest", "provenance", "content"] as const).entries()) {
    const name = `localhost:5000/a/${part}:1`;
    // Charts that differ, so that each has blobs of its own.
    await writeFile(bench.path("mychart", "values.yaml"), `i: ${i}\n`);
    await bench.done("chartroom", ["chart", "save", "mychart", "localhost:5000/a/x:1"]);
    await bench.done("chartroom", ["chart", "export", "localhost:5000/a/x:1", "--archive", "--force"]);
    const saved = await jsonOf<Row>(bench, ["chart", "save", "mychart-0.1.0.tgz", name]);
    await bench.done("chartroom", ["chart", "list"]);
    const { digest } = part === "content" ? saved : saved[part];
    const path = cache(bench, "blobs", "sha256", digest.slice("sha256:".length));
    if (part === "provenance") await unlink(path);
    else await truncate(path, 10);
    const rows = await jsonOf<{ ref: string; error?: object }[]>(bench, ["chart", "list"]);
    expect(rows.find((row) => row.ref === name)?.error).toEqual({
      code: "not_verified",
      message: expect.stringContaining(`its ${part} ${digest}`),
    });
    expect(rows.find((row) => row.ref === ref)?.error).toBeUndefined();
    await bench.done("chartroom", ["chart", "save", "mychart-0.1.0.tgz", name]);
    if (part === "content") await bench.done("chartroom", ["chart", "check"]);
  }
});

onBench("check --repair puts aside, rebuilds, says each thing, and names what remains", async (bench) => {
  const names = ["localhost:5000/a/b:1", "localhost:5000/a/c:1"];
  for (const [i, name] of names.entries()) {
    await writeFile(bench.path("mychart", "values.yaml"), `replicas: ${i}\n`);
    await save(bench, name);
  }
  const whole = await readFile(cache(bench, "index.json"), "utf8");
  const [, second] = await jsonOf<{ manifest: { digest: string } }[]>(bench, ["chart", "list"]);
  const { digest } = second!.manifest;
  await writeFile(cache(bench, "index.json"), whole.slice(0, -10));
  expect(await refused(bench, "chart", "check")).toMatchObject({ exitCode: 6 });
  expect(await bench.done("chartroom", ["chart", "check", "--repair"])).toContain(
    `repaired: ${names[1]}: ${digest} had that name when it was last listed\n`,
  );
  expect(await bench.done("chartroom", ["chart", "list", "-q"])).toBe(`${names.join("\n")}\n`);

  // Where nothing remembers the name either.
  await rm(`${cache(bench)}.rows`);
  await rm(cache(bench, "ingest", "quarantine"), { recursive: true });
  await writeFile(cache(bench, "index.json"), whole.slice(0, -10));
  const said = await bench.done("chartroom", ["chart", "check", "--repair"]);
  expect(said.replaceAll(bench.folder, "")).toBe(
    `repaired: /home/.cache/helm/registry/cache/index.json: does not parse; it was rebuilt, and is kept as /home/.cache/helm/registry/cache/ingest/quarantine/index.json
repaired: ${names[0]}: could still be read in it
repaired: ${digest}: mychart 0.1.0: no name of it is known; it is listed by its digest, and \`chartroom copy store:@DIGEST store:REF\` names it
${said.split("\n").at(-2)}
`,
  );
  expect(said).toMatch(/^1 reference, 5 blobs, .*: whole\n$/m);
  await bench.done("chartroom", ["copy", `store:@${digest}`, `store:${names[1]}`]);
  expect(await bench.done("chartroom", ["chart", "list", "-q"])).toBe(`${names.join("\n")}\n`);
  expect(await jsonOf(bench, ["chart", "check", "--repair"])).toMatchObject({ status: "whole", repairs: [] });

  const content = await contentOf(bench);
  await chmod(content, 0o644);
  await writeFile(content, "rotten");
  const remains = await bench.run("chartroom", ["chart", "check", "--repair"]);
  expect(remains.exitCode).toBe(6);
  expect(remains.stdout).toMatch(/^repaired: .*put aside/);
  expect(remains.stdout).toMatch(/^fault: localhost:5000\/a\/b:1: its blob .* is missing$/m);
  await writeFile(bench.path("mychart", "values.yaml"), "replicas: 0\n");
  await save(bench, names[0]);
  await bench.done("chartroom", ["chart", "check"]);
});
