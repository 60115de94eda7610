// What each foreign client can do, through each of our doors: push, pull, copy, list tags, attach and discover, delete.
import { expect } from "bun:test";
import { mkdir } from "node:fs/promises";
import { rawEntry, rawTar } from "../../src/testing/archives.ts";
import { chartArchive } from "../../src/testing/charts.ts";
import { noise } from "../../src/testing/streams.ts";
import { archiveFile, digestOfFile, savedCharts, storeOf } from "./charts.ts";
import { type Door, doors } from "./doors.ts";
import { helms, user } from "./helm.ts";
import { type Bench, interop, lines } from "./support.ts";

/** Run a client that must succeed, and give what it printed. */
type Client = (...args: string[]) => Promise<string>;

const [sbom, signature] = ["application/vnd.test.sbom", "application/vnd.test.signature"];
const secret = { stdin: user.password };

/** A text, and bytes that are more than one write, one read, or one chunk of anybody's. */
async function writeFiles(bench: Bench): Promise<void> {
  await Bun.write(bench.path("small.txt"), "hello\n");
  await Bun.write(bench.path("large.bin"), noise(12_000_000));
}

async function expectPulled(bench: Bench, folder: string): Promise<void> {
  for (const file of ["small.txt", "large.bin"])
    expect(await digestOfFile(bench.path(folder, file))).toBe(await digestOfFile(bench.path(file)));
}

async function crane(bench: Bench, { host, locked, authority }: Door): Promise<Client> {
  const options = authority === undefined ? {} : { env: { SSL_CERT_FILE: authority } };
  if (locked)
    await bench.done("crane", ["auth", "login", host, "-u", user.name, "--password-stdin"], {
      ...options,
      ...secret,
    });
  return async (...args) => (await bench.done("crane", args, options)).trimEnd();
}

async function oras(bench: Bench, { host, locked, authority }: Door): Promise<Client> {
  // oras speaks http to localhost unless it is told otherwise; a copy has the flag for either end.
  const flagsOf = (prefix: string) =>
    authority === undefined
      ? [`--${prefix}plain-http`]
      : [`--${prefix}plain-http=false`, `--${prefix}ca-file=${authority}`];
  if (locked)
    await bench.done("oras", ["login", host, "-u", user.name, "--password-stdin", ...flagsOf("")], secret);
  return async (...args) => {
    const flags = args[0] === "cp" ? [...flagsOf("from-"), ...flagsOf("to-")] : flagsOf("");
    return (await bench.done("oras", [...args, ...flags])).trimEnd();
  };
}

async function regctl(bench: Bench, { host, locked, authority }: Door): Promise<Client> {
  const run: Client = async (...args) => (await bench.done("regctl", args)).trimEnd();
  const trust =
    authority === undefined ? ["--tls=disabled"] : [`--cacert=${await Bun.file(authority).text()}`];
  // Blobs over 2 MB go in chunks of 1 MB, and not in one PUT.
  await run("registry", "set", ...trust, "--skip-check", "--blob-max=2000000", "--blob-chunk=1000000", host);
  if (locked)
    await bench.done("regctl", ["registry", "login", host, "-u", user.name, "--pass-stdin"], secret);
  return run;
}

async function skopeo(bench: Bench, { host, locked, authority }: Door): Promise<Client> {
  const folder = bench.path("trusted");
  await mkdir(folder);
  if (authority !== undefined) await Bun.write(`${folder}/ca.crt`, Bun.file(authority));
  const flagsOf = (prefix: string) =>
    authority === undefined ? [`--${prefix}tls-verify=false`] : [`--${prefix}cert-dir=${folder}`];
  if (locked)
    await bench.done("skopeo", ["login", host, "-u", user.name, "--password-stdin", ...flagsOf("")], secret);
  return async (command = "", ...args) => {
    const flags = command === "copy" ? ["--quiet", ...flagsOf("src-"), ...flagsOf("dest-")] : flagsOf("");
    return (await bench.done("skopeo", ["--insecure-policy", command, ...flags, ...args])).trimEnd();
  };
}

for (const { title, needs, open } of doors) {
  interop(
    `crane pushes, pulls, copies, lists and deletes over ${title}`,
    ["crane", ...needs],
    async (bench) => {
      const door = await open(bench);
      const { host } = door;
      const run = await crane(bench, door);
      await Bun.write(
        bench.path("layer.tar"),
        rawTar([rawEntry({ name: "large.bin", content: noise(3_000_000) })]),
      );
      await run("append", "--oci-empty-base", "--new_layer", "layer.tar", "--new_tag", `${host}/a:v1`);
      const digest = await run("digest", `${host}/a:v1`);
      await run("pull", "--format=oci", `${host}/a:v1`, "layout");
      await run("push", "layout", `${host}/b:v1`);
      await run("copy", `${host}/b:v1`, `${host}/deep/c:v1`);
      await run("validate", "--remote", `${host}/deep/c:v1`);
      expect(await run("digest", `${host}/deep/c:v1`)).toBe(digest);
      await run("tag", `${host}/a:v1`, "v2");
      expect(lines(await run("ls", `${host}/a`))).toEqual(["v1", "v2"]);
      expect(lines(await run("catalog", host))).toEqual(["a", "b", "deep/c"]);
      await run("delete", `${host}/a@${digest}`);
      expect(lines(await run("ls", `${host}/a`))).toEqual([]);
    },
  );

  interop(
    `oras pushes, pulls, copies, lists, attaches, discovers and deletes over ${title}`,
    ["oras", ...needs],
    async (bench) => {
      const door = await open(bench);
      const { host } = door;
      const run = await oras(bench, door);
      await writeFiles(bench);
      const { digest } = JSON.parse(
        await run("push", `${host}/a:v1`, "small.txt", "large.bin", "--format=json"),
      );
      await run("pull", `${host}/a:v1`, "-o", "pulled");
      await expectPulled(bench, "pulled");
      for (const type of [sbom, signature])
        await run("attach", `${host}/a:v1`, `--artifact-type=${type}`, "small.txt");
      await run("cp", "-r", `${host}/a:v1`, `${host}/b:v1`);
      for (const name of ["a", "b"]) {
        const found = JSON.parse(
          await run("discover", `${host}/${name}:v1`, "--format=json", `--artifact-type=${sbom}`),
        );
        expect(found.referrers).toMatchObject([{ artifactType: sbom }]);
      }
      expect(await run("resolve", `${host}/b:v1`)).toBe(digest);
      await run("tag", `${host}/b:v1`, "v2");
      expect(lines(await run("repo", "tags", `${host}/b`))).toEqual(["v1", "v2"]);
      expect(lines(await run("repo", "ls", host))).toEqual(["a", "b"]);
      await run("manifest", "delete", `${host}/b@${digest}`, "--force");
      expect(lines(await run("repo", "tags", `${host}/b`))).toEqual([]);
    },
  );

  interop(
    `regctl pushes, pulls, copies, lists, attaches, discovers and deletes over ${title}`,
    ["regctl", ...needs],
    async (bench) => {
      const door = await open(bench);
      const { host } = door;
      const run = await regctl(bench, door);
      await writeFiles(bench);
      const files = ["small.txt", "large.bin"].flatMap((file) => [
        `--file=${file}`,
        "--file-media-type=text/plain",
      ]);
      await run(
        "artifact",
        "put",
        "--artifact-type=application/vnd.test.thing",
        "--file-title",
        ...files,
        `${host}/a:v1`,
      );
      const digest = await run("manifest", "head", "--format={{.GetDescriptor.Digest}}", `${host}/a:v1`);
      await mkdir(bench.path("pulled"));
      await run("artifact", "get", "--output=pulled", `${host}/a:v1`);
      await expectPulled(bench, "pulled");
      for (const type of [sbom, signature])
        await run(
          "artifact",
          "put",
          `--artifact-type=${type}`,
          `--subject=${host}/a:v1`,
          "--file=small.txt",
          "--file-media-type=text/plain",
        );
      await run("image", "copy", "--referrers", `${host}/a:v1`, `${host}/b:v1`);
      await run("image", "copy", "--referrers", `${host}/b:v1`, "ocidir://layout:v1");
      await run("image", "copy", "--referrers", "ocidir://layout:v1", `${host}/back/c:v1`);
      for (const name of ["a", "b", "back/c"]) {
        const types = async (...filter: string[]) => {
          const format = "--format={{range .Descriptors}}{{println .ArtifactType}}{{end}}";
          return lines(await run("artifact", "list", format, ...filter, `${host}/${name}:v1`)).toSorted();
        };
        expect(await types()).toEqual([sbom, signature]);
        expect(await types(`--filter-artifact-type=${signature}`)).toEqual([signature]);
        expect(
          await run("manifest", "head", "--format={{.GetDescriptor.Digest}}", `${host}/${name}:v1`),
        ).toBe(digest);
      }
      await run("image", "copy", `${host}/a:v1`, `${host}/a:v2`);
      expect(lines(await run("tag", "ls", `${host}/a`))).toEqual(["v1", "v2"]);
      expect(lines(await run("repo", "ls", host))).toEqual(["a", "b", "back/c"]);
      await run("tag", "delete", `${host}/a:v2`);
      expect(lines(await run("tag", "ls", `${host}/a`))).toEqual(["v1"]);
      await run("manifest", "delete", `${host}/a@${digest}`);
      expect(lines(await run("tag", "ls", `${host}/a`))).toEqual([]);
      const blob = await digestOfFile(bench.path("large.bin"));
      await run("blob", "delete", `${host}/a`, blob);
      expect((await bench.run("regctl", ["blob", "head", `${host}/a`, blob])).exitCode).not.toBe(0);
    },
  );

  interop(
    `skopeo pushes, pulls, copies, lists and deletes over ${title}`,
    ["skopeo", ...needs],
    async (bench) => {
      const door = await open(bench);
      const { host } = door;
      const run = await skopeo(bench, door);
      const [chart] = await savedCharts(bench, `${host}/charts/mychart`, "0.1.0");
      await run("copy", `oci:${storeOf(bench)}:${chart.ref}`, `docker://${host}/a:v1`);
      await run("copy", `docker://${host}/a:v1`, `docker://${host}/deep/b:v1`);
      await run("copy", `docker://${host}/deep/b:v1`, `docker://${host}/deep/b:v2`);
      await run("copy", `docker://${host}/deep/b:v1`, `oci:${bench.path("pulled")}:v1`);
      const raw = await run("inspect", "--raw", `docker://${host}/deep/b:v2`);
      expect(JSON.parse(raw).layers[0].digest).toBe(chart.digest);
      expect(JSON.parse(await run("list-tags", `docker://${host}/deep/b`)).Tags).toEqual(["v1", "v2"]);
      await run("delete", `docker://${host}/deep/b:v1`);
      expect(JSON.parse(await run("list-tags", `docker://${host}/deep/b`)).Tags).toEqual([]);
    },
  );

  for (const helm of helms)
    interop(`${helm} pushes, pulls and shows over ${title}`, [helm, ...needs], async (bench) => {
      const { host, locked, authority } = await open(bench);
      const trust = authority === undefined ? ["--plain-http"] : ["--ca-file", authority];
      if (locked)
        await bench.done(
          helm,
          ["registry", "login", host, "-u", user.name, "--password-stdin", ...trust],
          secret,
        );
      const file = await archiveFile(bench, "mychart-0.1.0.tgz", await chartArchive());
      await bench.done(helm, ["push", file, `oci://${host}/charts`, ...trust]);
      const chart = `oci://${host}/charts/mychart`;
      await bench.done(helm, ["pull", chart, "--version=0.1.0", "-d", bench.path("tmp"), ...trust]);
      expect(await digestOfFile(bench.path("tmp/mychart-0.1.0.tgz"))).toBe(await digestOfFile(file));
      expect(await bench.done(helm, ["show", "chart", chart, ...trust])).toContain("name: mychart\n");
    });
}
