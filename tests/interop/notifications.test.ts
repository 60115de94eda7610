// One configuration, two registries, the same clients: what an endpoint is told must be the same, field by field.
import { expect } from "bun:test";
import type { Event } from "../../src/catalog/event.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { mediaTypes } from "../../src/oci/mediaTypes.ts";
import { chartArchive } from "../../src/testing/charts.ts";
import { type Receiver, receiver } from "../../src/testing/receiver.ts";
import { noise } from "../../src/testing/streams.ts";
import { archiveFile, awkwardChart } from "./charts.ts";
import { helmDigest, helms } from "./helm.ts";
import { pushedImage } from "./images.ts";
import { type Bench, interop } from "./support.ts";

const programs = ["docker-registry", "chartroom"] as const;

/** Where events go, and that what a manifest names is told. Whole URLs are docker-registry's default. */
const configOf = (there: Receiver, more: object) => (host: string, folder: string) => ({
  version: 0.1,
  storage: { filesystem: { rootdirectory: `${folder}/data` }, delete: { enabled: true } },
  http: { addr: host },
  notifications: {
    events: { includereferences: true },
    endpoints: [{ name: "a", url: there.url.href, timeout: "30s", threshold: 5, backoff: "1s", ...more }],
  },
});

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** An event in one shape: what must differ is checked, and taken out. */
function normal({ id, timestamp, request, source, ...event }: Event, host: string): object {
  expect(id).toMatch(/^[0-9a-f-]{36}(\.\d+)?$/);
  expect(Math.abs(Date.now() - Date.parse(timestamp))).toBeLessThan(600_000);
  expect(source.instanceID).toMatch(uuid);
  // docker-registry tells the client's port too, which its documentation calls possible.
  expect(request.addr?.replace(/:\d+$/, "")).toBe("127.0.0.1");
  expect(source.addr).toEndWith(`:${host.split(":")[1]}`);
  expect(request.id).not.toBe("");
  const { id: _, addr: __, ...asked } = request;
  return JSON.parse(JSON.stringify({ ...event, request: asked }).replaceAll(host, "HOST"));
}

const keyOf = ({ action, target, request }: Event): string =>
  JSON.stringify([action, target.repository, target.digest, target.tag, request.method]);

const lastClient = "the last";

/** What is told of the same work at both registries, sorted: clients send several requests at once. */
async function told(bench: Bench, work: (host: string) => Promise<void>, more: object = {}) {
  const found: Record<string, object[]> = {};
  for (const program of programs) {
    const there = receiver();
    const { host } = await bench.configured(program, configOf(there, more));
    await work(host);
    // Pulls are told last, and each registry's in order: when this one has come, all have.
    const url = `http://${host}/v2/last/manifests/1`;
    const headers = { "user-agent": lastClient, "content-type": mediaTypes.index, accept: mediaTypes.index };
    const body = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] });
    for (const init of [{ method: "PUT", body }, { method: "GET" }])
      await (await fetch(url, { ...init, headers, proxy: false })).bytes();
    const isLast = ({ action, request }: Event) => request.useragent === lastClient && action === "pull";
    while (!there.events.some(isLast)) await there.taken(there.events.length + 1);
    const events = there.events.filter(({ request }) => request.useragent !== lastClient);
    // Helm and oras write the time into a manifest, and so its digest is another each time.
    const manifests = events.filter(({ target }) => /manifest|index/.test(target.mediaType ?? ""));
    const timeless = [...new Set(manifests.map(({ target }) => String(target.digest)))].reduce(
      (text, digest, number) => text.replaceAll(digest, `MANIFEST ${number}`),
      JSON.stringify(events.map((event) => normal(event, host))),
    );
    found[program] = (JSON.parse(timeless) as Event[]).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    await there.stop();
  }
  return found;
}

/** Both told the same, and that many events of each kind. */
async function same(counts: Record<string, number>, found: Promise<Record<string, object[]>>) {
  const events = await found;
  expect(events.chartroom).toEqual(events["docker-registry"] ?? []);
  const actions = Object.groupBy(events.chartroom as { action: string }[], ({ action }) => action);
  expect(Object.fromEntries(Object.entries(actions).map(([action, of]) => [action, of?.length]))).toEqual(
    counts,
  );
}

for (const helm of helms)
  interop(`${helm} pushes and pulls a chart`, ["docker-registry", helm], async (bench) => {
    const archive = await archiveFile(
      bench,
      "mychart-0.1.0.tgz",
      await chartArchive(await awkwardChart("0.1.0")),
    );
    await same(
      { pull: 4, push: 4 },
      told(bench, async (host) => {
        await helmDigest(bench, helm, ["push", archive, `oci://${host}/charts`]);
        await helmDigest(bench, helm, [
          "pull",
          `oci://${host}/charts/mychart`,
          "--version",
          "0.1.0",
          "-d",
          bench.folder,
        ]);
      }),
    );
  });

interop("crane pushes, copies with a mount, and deletes", ["docker-registry", "crane"], async (bench) => {
  await same(
    { delete: 3, mount: 2, pull: 6, push: 5 },
    told(bench, async (host) => {
      const digest = await pushedImage(bench, `${host}/a/image:1`, noise(2000));
      await bench.done("crane", ["tag", `${host}/a/image:1`, "2"]);
      await bench.done("crane", ["copy", `${host}/a/image:1`, `${host}/b/image:1`]);
      await bench.done("crane", ["pull", `${host}/b/image:1`, "image.tar"]);
      await bench.done("crane", ["delete", `${host}/a/image@${digest}`]);
    }),
  );
});

interop("oras pushes and pulls files, and deletes a blob", ["docker-registry", "oras"], async (bench) => {
  await Bun.write(bench.path("a.txt"), "hello");
  await same(
    { delete: 1, pull: 3, push: 4 },
    told(bench, async (host) => {
      const plain = "--plain-http";
      await bench.done("oras", ["push", `${host}/a:1`, plain, "a.txt:text/plain"]);
      await bench.done("oras", ["pull", `${host}/a:1`, plain, "-o", bench.path("pulled")]);
      await bench.done("oras", ["blob", "push", `${host}/b`, plain, "a.txt"]);
      const digest = digestOf(new TextEncoder().encode("hello"));
      await bench.done("oras", ["blob", "delete", `${host}/b@${digest}`, plain, "--force"]);
    }),
  );
});

interop("an endpoint that ignores pulls and blobs", ["docker-registry", "crane"], async (bench) => {
  const more = {
    ignoredmediatypes: ["text/x"],
    ignore: { mediatypes: ["application/octet-stream"], actions: ["delete"] },
  };
  await same(
    { pull: 1, push: 1 },
    told(
      bench,
      async (host) => {
        const digest = await pushedImage(bench, `${host}/a/image:1`);
        await bench.done("crane", ["delete", `${host}/a/image@${digest}`]);
      },
      more,
    ),
  );
});
