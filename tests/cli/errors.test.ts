import { describe, expect, test } from "bun:test";
import { chmod, mkdir, readdir, readFile, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hostileArchive, rawEntry } from "../../src/testing/archives.ts";
import { makeCertificate } from "../../src/testing/certificates.ts";
import { type Bench, withBench } from "../bench.ts";
import { jsonOf, onBench, ref, refusalOf, save } from "./cli.ts";

const refused = async (bench: Bench, ...args: string[]) => refusalOf(await bench.run("chartroom", args));

describe("what cannot be saved", () => {
  const chartYaml = (text: string) => (bench: Bench) => writeFile(bench.path("mychart", "Chart.yaml"), text);
  const cases: [string, (bench: Bench) => Promise<unknown>, RegExp][] = [
    ["no Chart.yaml", (bench) => unlink(bench.path("mychart", "Chart.yaml")), /Chart\.yaml/],
    ["no version", chartYaml("apiVersion: v2\nname: mychart\n"), /version/],
    [
      "a version that is none",
      chartYaml("apiVersion: v2\nname: mychart\nversion: latest\n"),
      /version "latest"/,
    ],
    ["no name", chartYaml("apiVersion: v2\nversion: 1.0.0\n"), /name/],
    ["a name that is a path", chartYaml("apiVersion: v2\nname: ../evil\nversion: 1.0.0\n"), /\.\.\/evil/],
    ["broken YAML", chartYaml("name: [\n"), /Chart\.yaml/],
    [
      "no such directory",
      (bench) => rm(bench.path("mychart"), { recursive: true }),
      /no such file or directory/,
    ],
    [
      "a link out of the chart",
      (bench) => symlink("/etc/hostname", bench.path("mychart", "values.link")),
      /values\.link/,
    ],
  ];
  for (const [what, spoil, says] of cases)
    onBench(`${what}: a sentence, exit 1, and the store as it was`, async (bench) => {
      await save(bench);
      const before = await bench.done("chartroom", ["chart", "list", "-q"]);
      await spoil(bench);
      const { exitCode, message } = await refused(bench, "chart", "save", "mychart", `${ref}-new`);
      expect(message).toMatch(says);
      expect(exitCode).toBe(1);
      expect(await bench.done("chartroom", ["chart", "list", "-q"])).toBe(before);
      await bench.done("chartroom", ["chart", "check"]);
    });

  onBench("a hostile archive, by name, and nothing is written", async (bench) => {
    await writeFile(bench.path("evil.tgz"), hostileArchive(rawEntry({ name: "../evil.txt", content: "x" })));
    const { exitCode, message } = await refused(bench, "chart", "save", "evil.tgz", ref);
    expect(message).toContain("evil.txt");
    expect(exitCode).toBe(1);
    expect(await readdir(bench.path(".."))).not.toContain("evil.txt");
  });
});

onBench("an empty path is not the working directory", async (bench) => {
  const { exitCode, message } = refusalOf(
    await bench.run("chartroom", ["chart", "save", "", ref], { cwd: bench.path("mychart") }),
  );
  expect([exitCode, message]).toEqual([2, "Cannot save a chart: the path is empty"]);
});

describe("references that do not parse", () => {
  for (const [text, says] of [
    ["mychart:1.0.0", "the registry is missing"],
    ["", "it is empty"],
    ["localhost:5000/", "the repository is empty"],
    ["localhost:5000/MyRepo/mychart:1", "upper-case"],
    ["localhost:5000/a:", "the tag is empty"],
    ["localhost:5000/a:b:c", "tag"],
    ["localhost:99999/a:1", "registry"],
    ["localhost:5000/a@sha256:abc", "digest"],
    ["http://localhost:5000/a:1", "URL"],
  ] as const)
    onBench(`"${text}"`, async (bench) => {
      for (const command of ["push", "pull", "export", "remove"]) {
        const { exitCode, message, hint } = await refused(bench, "chart", command, text);
        expect([command, exitCode]).toEqual([command, 2]);
        expect(message).toContain(says);
        expect(hint).not.toBe("");
      }
    });

  onBench("oci:// in front is taken off, and + in a tag becomes _", async (bench) => {
    const saved = await jsonOf(bench, [
      "chart",
      "save",
      "mychart",
      "oci://localhost:5000/myrepo/mychart:1.0.0+b1",
    ]);
    expect(saved.ref).toBe("localhost:5000/myrepo/mychart:1.0.0_b1");
  });
});

describe("command lines that are off", () => {
  for (const [args, message, hint] of [
    [["chart", "lst"], 'unknown command "lst"', "Did you mean list?"],
    [["chart", "push", ref, "--forc"], 'unknown option "--forc"', "Did you mean --force?"],
    [["chart", "save", "mychart"], 'missing required argument "ref"', "Add --help"],
    [["chart", "push", ref, "extra"], "too many arguments", "Add --help"],
    [["chart", "list", "-o", "xml"], "xml", "Add --help"],
    [["chart", "pull", ref, "--plain-http=maybe"], "true or false", "Add --help"],
  ] as const)
    onBench(args.join(" "), async (bench) => {
      const said = await refused(bench, ...args);
      expect(said.exitCode).toBe(2);
      expect(said.message).toContain(message);
      expect(said.hint).toContain(hint);
    });

  onBench("a reference without tag or digest names the tags there are", async (bench) => {
    await save(bench);
    for (const command of ["push", "export", "remove"]) {
      const said = await refused(bench, "chart", command, "localhost:5000/myrepo/mychart");
      expect(said).toMatchObject({ exitCode: 2, hint: "Tags in the store: 2.7.0" });
    }
    const { host } = await bench.chartroom();
    await save(bench, `${host}/myrepo/mychart:1.2.3`);
    await bench.done("chartroom", ["chart", "push", `${host}/myrepo/mychart:1.2.3`]);
    const said = await refused(bench, "chart", "pull", `${host}/myrepo/mychart`);
    expect(said).toMatchObject({ exitCode: 2, hint: "Tags in the registry: 1.2.3" });
  });
});

describe("what is not there", () => {
  onBench("a chart that is not in the store, with the name that was probably meant", async (bench) => {
    await save(bench);
    for (const command of ["push", "export", "remove"]) {
      const said = await refused(bench, "chart", command, "localhost:5000/myrepo/mychart:2.7.1");
      expect(said).toEqual({
        exitCode: 3,
        message: "Chart not found: localhost:5000/myrepo/mychart:2.7.1",
        hint: `Did you mean ${ref}?`,
      });
    }
  });

  onBench("a chart that is not in the registry, and a login that was never made", async (bench) => {
    const { host } = await bench.chartroom();
    expect(await refused(bench, "chart", "pull", `${host}/a/b:1`)).toMatchObject({
      exitCode: 3,
      message: `Chart not found: ${host}/a/b:1`,
    });
    expect(await refused(bench, "registry", "logout", host)).toMatchObject({
      exitCode: 3,
      message: `not logged in to ${host}`,
    });
  });
});

describe("the network and the other side", () => {
  onBench("nobody listens, or there is no such host", async (bench) => {
    await save(bench, "localhost:1/a/b:1");
    for (const name of ["localhost:1/a/b:1", "no-such-host.invalid/a/b:1"]) {
      const said = await refused(bench, "chart", "pull", name);
      expect([name, said.exitCode]).toEqual([name, 7]);
      expect(said.hint).not.toBe("");
    }
    expect(await refused(bench, "chart", "push", "localhost:1/a/b:1")).toMatchObject({ exitCode: 7 });
  });

  onBench("a wrong password changes nothing that is kept", async (bench) => {
    const { host } = await bench.chartroom([{ name: "myuser", password: "mypass" }]);
    const login = (password: string) =>
      bench.run("chartroom", ["registry", "login", "-u", "myuser", "--password-stdin", host], {
        stdin: password,
      });
    expect(refusalOf(await login("wrong")).exitCode).toBe(4);
    await save(bench, `${host}/a/b:1`);
    const denied = await refused(bench, "chart", "push", `${host}/a/b:1`);
    expect(denied.exitCode).toBe(4);
    expect(denied.hint).toContain(`registry login ${host}`);
    expect((await login("mypass\n")).exitCode).toBe(0);
    expect(refusalOf(await login("wrong")).exitCode).toBe(4);
    await bench.done("chartroom", ["chart", "push", `${host}/a/b:1`]);
  });

  onBench("a certificate that nobody signed", async (bench) => {
    const { cert, key } = makeCertificate({ name: "localhost" });
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      tls: { cert, key },
      fetch: () => Response.json({}),
    });
    try {
      const host = `localhost:${server.port}`;
      const args = ["registry", "login", "-u", "u", "--password-stdin", "--plain-http=false", host];
      const run = async (...more: string[]) =>
        refusalOf(await bench.run("chartroom", [...args, ...more], { stdin: "p" }));
      const said = await run();
      expect(said.exitCode).toBe(7);
      expect(said.hint).toContain("--ca-file");
      expect((await run("--insecure")).exitCode).toBe(0);
      await writeFile(bench.path("ca.pem"), cert);
      expect((await run("--ca-file", "ca.pem")).exitCode).toBe(0);
    } finally {
      await server.stop(true);
    }
  });

  for (const [what, answer] of [
    ["a page", () => new Response("<html>Welcome</html>", { headers: { "content-type": "text/html" } })],
    [
      "half a manifest",
      () =>
        new Response('{"schemaVersion":2', {
          headers: { "content-type": "application/vnd.oci.image.manifest.v1+json" },
        }),
    ],
    ["a fault of its own", () => new Response("oops", { status: 500 })],
  ] as const)
    onBench(`a registry that answers with ${what}`, async (bench) => {
      const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
      try {
        const said = await refused(bench, "chart", "pull", `127.0.0.1:${server.port}/a/b:1`);
        expect(said.exitCode).toBe(1);
        expect(said.message).not.toBe("");
        expect(await bench.done("chartroom", ["chart", "list", "-q"])).toBe("");
      } finally {
        await server.stop(true);
      }
    });

  onBench("a tag that holds another chart is left alone unless forced", async (bench) => {
    const { host } = await bench.chartroom();
    const name = `${host}/a/b:1`;
    await save(bench, name);
    await bench.done("chartroom", ["chart", "push", name]);
    await writeFile(bench.path("mychart", "values.yaml"), "other: true\n");
    await save(bench, name);
    const said = await refused(bench, "chart", "push", name);
    expect(said.exitCode).toBe(5);
    expect(said.hint).toContain("--force");
    await bench.done("chartroom", ["chart", "push", "--force", name]);
    expect(await bench.done("chartroom", ["chart", "pull", name])).toContain(
      "Status: Chart is up to date for",
    );
  });

  onBench("something that is no chart is never named in the store", async (bench) => {
    const { host } = await bench.chartroom();
    const base = `http://${host}/v2/a/image`;
    const config = new TextEncoder().encode("{}");
    const digest = `sha256:${new Bun.CryptoHasher("sha256").update(config).digest("hex")}`;
    const opened = await fetch(`${base}/blobs/uploads/`, { method: "POST" });
    await fetch(`http://${host}${opened.headers.get("location")}?digest=${digest}`, {
      method: "PUT",
      body: config,
    });
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    const manifest = {
      schemaVersion: 2,
      mediaType,
      config: { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: 2 },
      layers: [],
    };
    const put = { method: "PUT", body: JSON.stringify(manifest), headers: { "content-type": mediaType } };
    expect((await fetch(`${base}/manifests/1`, put)).status).toBe(201);
    const said = await refused(bench, "chart", "pull", `${host}/a/image:1`);
    expect(said.exitCode).toBe(1);
    expect(said.message).toContain("not a chart");
    expect(await bench.done("chartroom", ["chart", "list", "-q"])).toBe("");
  });
});

describe("a store that is damaged", () => {
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
});

describe("a disk that will not", () => {
  /** A file system of its own on a path of the bench; undefined where this user may not mount one. */
  async function mounted(
    bench: Bench,
    options: string,
    work: (path: string, remount: (how: string) => void) => Promise<void>,
  ) {
    const path = bench.path("disk");
    await mkdir(path);
    const mount = (...args: string[]) => Bun.spawnSync(["mount", ...args]).success;
    if (!mount("-t", "tmpfs", "-o", options, "tmpfs", path)) throw new Error("cannot mount a tmpfs");
    try {
      await work(path, (how) => void mount("-o", `remount,${how}`, path));
    } finally {
      Bun.spawnSync(["umount", path]);
    }
  }
  // Mounting takes root, and a container may lack even then what it takes.
  const probe = join(process.env.TMPDIR ?? "/tmp", `chartroom-mount-${process.pid}`);
  const mayMount = (() => {
    Bun.spawnSync(["mkdir", "-p", probe]);
    const may = Bun.spawnSync(["mount", "-t", "tmpfs", "tmpfs", probe]).success;
    if (may) Bun.spawnSync(["umount", probe]);
    Bun.spawnSync(["rmdir", probe]);
    return may;
  })();

  test.if(mayMount)("a full one: a sentence, exit 1, nothing lost, and room enough makes it work", () =>
    withBench(async (bench) => {
      await mounted(bench, "size=300k", async (path, remount) => {
        await writeFile(bench.path("Chart.yaml"), "apiVersion: v2\nname: big\nversion: 1.0.0\n");
        const store = ["--store", join(path, "store")];
        const chart = (name: string) => bench.path(name);
        for (const [name, size] of [
          ["small", 1_000],
          ["large", 400_000],
        ] as const) {
          await mkdir(chart(name));
          await writeFile(join(chart(name), "Chart.yaml"), `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`);
          await writeFile(
            join(chart(name), "noise"),
            crypto.getRandomValues(new Uint8Array(Math.min(size, 65_536))),
          );
          for (let i = 0; i * 65_536 < size; i++)
            await writeFile(
              join(chart(name), `noise-${i}`),
              crypto.getRandomValues(new Uint8Array(65_536).subarray(0, Math.min(size, 65_536))),
            );
        }
        await bench.done("chartroom", ["chart", "save", "small", ref, ...store]);
        const large = ["chart", "save", "large", "localhost:5000/a/large:1", ...store];
        const said = await refused(bench, ...large);
        expect(said.exitCode).toBe(1);
        expect(said.message).toContain("the disk is full");
        expect(await bench.done("chartroom", ["chart", "list", "-q", ...store])).toBe(`${ref}\n`);
        await bench.done("chartroom", ["chart", "check", ...store]);
        remount("size=4m");
        await bench.done("chartroom", large);
        await bench.done("chartroom", ["chart", "check", ...store]);
      });
    }),
  );

  test.if(mayMount)("a read-only one: what only reads works, what writes says so", () =>
    withBench(async (bench) => {
      await mounted(bench, "size=2m", async (path, remount) => {
        const store = ["--store", join(path, "store")];
        await mkdir(bench.path("mychart"));
        await writeFile(
          bench.path("mychart", "Chart.yaml"),
          "apiVersion: v2\nname: mychart\nversion: 0.1.0\n",
        );
        await bench.done("chartroom", ["chart", "save", "mychart", ref, ...store]);
        remount("ro");
        expect(await bench.done("chartroom", ["chart", "list", "-q", ...store])).toBe(`${ref}\n`);
        await bench.done("chartroom", ["chart", "export", ref, ...store]);
        await bench.done("chartroom", ["chart", "check", ...store]);
        for (const args of [
          ["save", "mychart", `${ref}-2`],
          ["remove", ref],
          ["tag", ref, `${ref}-3`],
        ]) {
          const said = await refused(bench, "chart", ...args, ...store);
          expect([args[0], said.exitCode]).toEqual([args[0], 1]);
          expect(said.message).toContain("read-only");
        }
      });
    }),
  );
});
