import { expect } from "bun:test";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readIndex } from "../../src/migrate/readIndex.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { chartArchive } from "../../src/testing/charts.ts";
import { samples } from "../../src/testing/samples.ts";
import { noise } from "../../src/testing/streams.ts";
import { tcpProxy } from "../../src/testing/tcpProxy.ts";
import { archiveFile, digestOfFile } from "./charts.ts";
import { helmDigest, helms, logIn, user } from "./helm.ts";
import { content, pushedImage } from "./images.ts";
import { type Bench, interop, lines, type Registry } from "./support.ts";

/** Our registry as a mirror of another one, by what CNCF Distribution's own proxy is told. */
const mirrorOf = (bench: Bench, { host }: Pick<Registry, "host">, env: Record<string, string> = {}) =>
  bench.chartroom([], { REGISTRY_PROXY_REMOTEURL: `http://${host}`, ...env });

interop(
  "helm pulls charts through a mirror of docker-registry, and goes on when that is gone",
  ["helm3", "helm4", "docker-registry"],
  async (bench) => {
    const upstream = await bench.distribution();
    const archive = await archiveFile(bench, "mychart-0.1.0.tgz", await chartArchive());
    const pushed = await helmDigest(bench, "helm3", ["push", archive, `oci://${upstream.host}/charts`]);
    const mirror = await mirrorOf(bench, upstream);
    const pull = async (...args: string[]) => {
      for (const helm of helms) {
        const into = ["--destination", `${helm}${args.length}`];
        await mkdir(bench.path(`${helm}${args.length}`), { recursive: true });
        const said = await helmDigest(bench, helm, [
          ...["pull", `oci://${mirror.host}/charts/mychart`, ...args, ...into],
        ]);
        expect(said).toBe(pushed);
        expect(await digestOfFile(bench.path(`${helm}${args.length}`, "mychart-0.1.0.tgz"))).toBe(
          await digestOfFile(archive),
        );
      }
    };
    await pull("--version", "0.1.0");
    await pull();
    await upstream.stop();
    await pull("--version", "0.1.0");
    expect(await mirror.log()).toContain(upstream.host);
  },
);

interop(
  "crane, skopeo and oras read images, indexes and referrers through a mirror",
  ["crane", "skopeo", "oras", "docker-registry"],
  async (bench) => {
    const upstream = await bench.distribution();
    const mirror = await mirrorOf(bench, upstream);
    const digest = await pushedImage(bench, `${upstream.host}/images/a:one`, noise(6_000_000));
    await pushedImage(bench, `${upstream.host}/images/a:two`, noise(100_000));
    const members = ["one", "two"].flatMap((tag) => ["-m", `${upstream.host}/images/a:${tag}`]);
    await bench.done("crane", ["index", "append", ...members, "-t", `${upstream.host}/images/a:all`]);
    await Bun.write(bench.path("signature"), "signed");
    const plain = "--plain-http";
    const attach = ["attach", `${upstream.host}/images/a:one`, "--artifact-type", "application/vnd.test.sig"];
    await bench.done("oras", [...attach, "signature", plain]);

    for (const tag of ["one", "two", "all"])
      await bench.done("crane", ["validate", "--remote", `${mirror.host}/images/a:${tag}`]);
    const exported = await bench.done("crane", ["export", `${mirror.host}/images/a:one`, "-"]);
    expect(exported).toContain(content);
    const tags = lines(await bench.done("crane", ["ls", `${mirror.host}/images/a`]));
    const there = lines(await bench.done("crane", ["ls", `${upstream.host}/images/a`]));
    expect(tags).toEqual(there.toSorted());
    const from = ["--src-tls-verify=false", "--all", `docker://${mirror.host}/images/a:all`];
    await bench.done("skopeo", ["copy", ...from, `oci:${bench.path("layout")}:all`]);
    const discovered = JSON.parse(
      await bench.done("oras", ["discover", `${mirror.host}/images/a@${digest}`, plain, "--format", "json"]),
    );
    expect(discovered.referrers).toHaveLength(1);
    await bench.done("oras", [
      ...["copy", "--recursive", `${mirror.host}/images/a:one`, "--from-plain-http"],
      ...["--to-oci-layout", bench.path("copied:one")],
    ]);
  },
);

interop(
  "a mirror that logs in at its upstream tells nobody how, and has its own users",
  ["helm3", "docker-registry", "htpasswd"],
  async (bench) => {
    const upstream = await bench.distribution([user]);
    await logIn(bench, "helm3", upstream);
    const archive = await archiveFile(bench, "mychart-0.1.0.tgz", await chartArchive());
    await helmDigest(bench, "helm3", ["push", archive, `oci://${upstream.host}/charts`]);
    const ours = { name: "reader", password: "another" };
    const env = {
      REGISTRY_PROXY_REMOTEURL: `http://${upstream.host}`,
      REGISTRY_PROXY_USERNAME: user.name,
      REGISTRY_PROXY_PASSWORD: JSON.stringify(user.password),
    };
    const mirror = await bench.chartroom([ours], env);
    const path = `http://${mirror.host}/v2/charts/mychart/manifests/0.1.0`;
    expect((await fetch(path)).status).toBe(401);
    const headers = { authorization: `Basic ${btoa(`${ours.name}:${ours.password}`)}` };
    expect((await fetch(path, { headers })).status).toBe(200);
    expect(await mirror.log()).not.toContain(user.password);

    const wrong = await bench.chartroom([], { ...env, REGISTRY_PROXY_PASSWORD: "wrong" });
    const refused = await fetch(path.replace(mirror.host, wrong.host));
    expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([403, null]);
    expect(await refused.text()).toContain("DENIED");
    expect(await wrong.log()).toContain("refused the login of myuser");
  },
);

interop(
  "a mirror that is killed while it fetches goes on where it was",
  ["crane", "docker-registry"],
  async (bench) => {
    const upstream = await bench.distribution();
    const large = noise(40_000_000);
    await pushedImage(bench, `${upstream.host}/images/a:v1`, large);
    const manifest = JSON.parse(await bench.done("crane", ["manifest", `${upstream.host}/images/a:v1`]));
    const [layer] = manifest.layers as { digest: string; size: number }[];
    const way = await tcpProxy(upstream.host);
    try {
      const mirror = await mirrorOf(bench, way);
      const path = `http://${mirror.host}/v2/images/a/blobs/${layer?.digest}`;
      const held = way.holdAfter(38_000_000, "down");
      const reader = (await fetch(path)).body!.getReader();
      await held;
      // Nothing beyond 32 MiB is written, let alone given, before the first 16 are synced: those are gone on from.
      for (let had = 0; had < 36_000_000; ) had += (await reader.read()).value?.byteLength ?? 0;
      await mirror.kill();
      await mirror.restart();
      const before = way.moved.down;
      const bytes = await (await fetch(path)).bytes();
      expect(digestOf(bytes) as string).toBe(layer?.digest ?? "");
      expect(way.moved.down - before).toBeLessThan((layer?.size ?? 0) - 15_000_000);
    } finally {
      await way.stop();
    }
  },
);

interop(
  "helm pulls a classic repository's charts through a mirror, as oci, to the byte, and when the site is gone",
  ["helm3", "helm4", "samples"],
  async (bench) => {
    const keda = join(samples() ?? "", "keda");
    let away = false;
    const site = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch({ url }) {
        const name = decodeURIComponent(new URL(url).pathname.slice(1));
        const file = Bun.file(join(keda, name));
        if (away || !(await file.exists())) return new Response("no", { status: away ? 503 : 404 });
        // Its index names another host, which nobody shall ask here.
        const text = name === "index.yaml" ? await file.text() : undefined;
        return new Response(text?.replaceAll(/https:\/\/[^\s"]*\/(?=[^/\s"]+\.tgz)/g, "") ?? file);
      },
    });
    try {
      const mirror = await bench.configured("chartroom", (host, folder) => ({
        version: 0.1,
        http: { addr: host },
        storage: { filesystem: { rootdirectory: join(folder, "data") } },
        mirrors: [{ name: "charts", url: site.url.href }],
      }));
      const entries = readIndex(new Blob([await readFile(join(keda, "index.yaml"))]).stream());
      let pulled = 0;
      for await (const entry of entries) {
        if (!("row" in entry)) continue;
        const { name, version, digest } = entry.row;
        const path = `http://${mirror.host}/v2/charts/${name}/manifests/${version}`;
        const { layers } = (await (await fetch(path)).json()) as { layers: { digest: string }[] };
        expect([name, version, layers[0]?.digest]).toEqual([name, version, digest]);
        pulled++;
      }
      expect(pulled).toBe(106);
      for (const gone of [false, true]) {
        away = gone;
        for (const helm of helms) {
          const into = bench.path(`${helm}${gone}`);
          await mkdir(into);
          await helmDigest(bench, helm, [
            ...["pull", `oci://${mirror.host}/charts/keda`, "--version", "2.11.2", "--destination", into],
          ]);
          const archive = await digestOfFile(join(into, "keda-2.11.2.tgz"));
          expect(archive).toBe(await digestOfFile(join(keda, "keda-2.11.2.tgz")));
        }
      }
    } finally {
      await site.stop(true);
    }
  },
);
