import { expect } from "bun:test";
import { blobOf } from "../../src/testing/artifacts.ts";
import { receiver } from "../../src/testing/receiver.ts";
import { type Bench, freePort } from "../bench.ts";
import { onBench } from "./cli.ts";

const secret = "hunter2";

/** A registry of the built binary that tells a receiver, and its debug address. */
async function telling(bench: Bench, url: URL, more: object = {}) {
  const debug = `127.0.0.1:${await freePort()}`;
  const told = new URL(url);
  told.username = "me";
  told.password = secret;
  const endpoint = {
    name: "the receiver",
    url: told.href,
    headers: { "X-Token": [secret] },
    timeout: "30s",
    threshold: 2,
    backoff: "20ms",
    ...more,
  };
  const data = bench.path("data");
  const registry = await bench.configured("chartroom", (host) => ({
    version: 0.1,
    storage: { filesystem: { rootdirectory: data }, delete: { enabled: true } },
    http: { addr: host, debug: { addr: debug, prometheus: { enabled: true } } },
    notifications: { endpoints: [endpoint] },
  }));
  const metrics = async () =>
    (await (await fetch(`http://${debug}/metrics`)).text())
      .split("\n")
      .filter((line) => /^\w+_notifications_/.test(line));
  return { registry, data, metrics };
}

/** Push a blob at once; whether it was acknowledged. */
async function pushed(host: string, repository: string, content: string): Promise<string | undefined> {
  const { bytes, descriptor } = blobOf(content);
  const url = `http://${host}/v2/${repository}/blobs/uploads/?digest=${descriptor.digest}`;
  const response = await fetch(url, { method: "POST", body: bytes as BodyInit }).catch(() => undefined);
  return response?.status === 201 ? descriptor.digest : undefined;
}

onBench("what was acknowledged is told, however often the registry is killed", async (bench) => {
  let open = false;
  const there = receiver((count) => new Response(null, { status: open || count % 3 === 0 ? 200 : 503 }));
  const { registry } = await telling(bench, there.url);
  const acknowledged: string[][] = [];
  for (let round = 0; round < 4; round++) {
    let alive = true;
    const enough = Promise.withResolvers<void>();
    const hands = Array.from({ length: 4 }, async (_, hand) => {
      const mine: string[] = [];
      acknowledged.push(mine);
      for (let turn = 0; alive; turn++) {
        const digest = await pushed(registry.host, `hand/${hand}`, `${round} ${hand} ${turn}`);
        if (digest !== undefined) mine.push(digest);
        if (mine.length === 20) enough.resolve();
      }
    });
    await enough.promise;
    await registry.kill();
    alive = false;
    await Promise.all(hands);
    open = round === 3;
    await registry.restart();
  }
  const told = () => [...new Set(there.events.map(({ target }) => String(target.digest)))];
  while (!acknowledged.flat().every((digest) => told().includes(digest)))
    await there.taken(there.events.length + 1);
  // Whoever is told twice knows by the id: there is one for each event that happened.
  expect(new Set(there.events.map(({ id }) => id)).size).toBe(told().length);
  // One hand's come in the order in which they were acknowledged, repeats aside.
  const order = told();
  for (const mine of acknowledged) expect(order.filter((digest) => mine.includes(digest))).toEqual(mine);
  await there.stop();
});

onBench(
  "nobody waits for a receiver that hangs, and what waits for it is told after a start",
  async (bench) => {
    let open = false;
    const there = receiver(() => (open ? new Response() : new Promise<Response>(() => {})));
    const { registry, metrics } = await telling(bench, there.url);
    const contents = Array.from({ length: 5 }, (_, i) => `content ${i}`);
    for (const content of contents) expect(await pushed(registry.host, "a", content)).toBeDefined();
    await there.asked(1);
    expect(await metrics()).toContain('registry_notifications_pending_total{endpoint="the receiver"} 5');
    await registry.stop();
    open = true;
    await registry.restart();
    await there.taken(5);
    expect(there.events.map(({ target }) => String(target.digest))).toEqual(
      contents.map((content) => blobOf(content).descriptor.digest),
    );
    while (!(await metrics()).includes('registry_notifications_pending_total{endpoint="the receiver"} 0'))
      await Bun.sleep(10);
    const of = (type: string) =>
      `registry_notifications_events_total{type="${type}",endpoint="the receiver"}`;
    expect(await metrics()).toEqual([
      `${of("Events")} 5`,
      `${of("Successes")} 5`,
      `${of("Failures")} 0`,
      `${of("Errors")} 0`,
      `${of("Dropped")} 0`,
      'registry_notifications_pending_total{endpoint="the receiver"} 0',
      'registry_notifications_status_total{code="200 OK",endpoint="the receiver"} 5',
      "chartroom_notifications_lost_pulls_total 0",
    ]);
    await there.stop();
  },
);

onBench("the secrets of an endpoint reach it, and nothing else", async (bench) => {
  const there = receiver((count) => new Response(null, { status: count <= 3 ? 500 : 200 }));
  const { registry, metrics } = await telling(bench, there.url);
  await pushed(registry.host, "a", "content");
  await there.taken(1);
  const { headers } = there.requests[0]!;
  expect([headers.get("authorization"), headers.get("x-token")]).toEqual([
    `Basic ${btoa(`me:${secret}`)}`,
    secret,
  ]);
  while (!(await registry.log()).includes("the receiver takes events again")) await Bun.sleep(10);
  await registry.stop();
  const log = await registry.log();
  expect(log).toContain(`Cannot tell the receiver of events: ${there.url.host} answered 500`);
  for (const shown of [secret, btoa(`me:${secret}`)]) expect(log).not.toContain(shown);
  await registry.restart();
  expect((await metrics()).join("\n")).not.toContain(secret);
  await there.stop();
});

onBench("pulls are told too, and at the latest when the registry stops", async (bench) => {
  const there = receiver();
  const { registry } = await telling(bench, there.url, { ignore: { actions: ["push"] } });
  const digest = await pushed(registry.host, "a", "content");
  await (await fetch(`http://${registry.host}/v2/a/blobs/${digest}`)).bytes();
  await registry.stop();
  await registry.restart();
  await there.taken(1);
  expect(there.events).toMatchObject([{ action: "pull", target: { digest }, request: { method: "GET" } }]);
  await there.stop();
});

onBench("what waits for an endpoint outlives the work of others at the data", async (bench) => {
  let open = false;
  const there = receiver(() => new Response(null, { status: open ? 200 : 503 }));
  const { registry, data } = await telling(bench, there.url);
  const digest = await pushed(registry.host, "a", "content");
  await registry.stop();
  for (const command of ["gc", "check"]) await bench.done("chartroom", ["registry", command, "--data", data]);
  open = true;
  await registry.restart();
  await there.taken(1);
  expect(there.events).toMatchObject([{ action: "push", target: { digest } }]);
  await there.stop();
});
