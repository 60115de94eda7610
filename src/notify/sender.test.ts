import { afterEach, expect, test } from "bun:test";
import { MemoryCatalog } from "../catalog/memory/memory.ts";
import { eventLimit } from "../catalog/telling.ts";
import { AnsweringServers } from "../testing/answering.ts";
import { type Receiver, receiver } from "../testing/receiver.ts";
import { socketServer } from "../testing/sockets.ts";
import type { Endpoint } from "./endpoint.ts";
import { Sender } from "./sender.ts";

const servers = new AnsweringServers();
afterEach(() => servers.closeAll());

const receiving = (...args: Parameters<typeof receiver>): Receiver => {
  const made = receiver(...args);
  servers.closeLater(() => made.stop());
  return made;
};

const endpointAt = (url: URL, more: Partial<Endpoint> = {}): Endpoint => ({
  name: "a",
  url,
  headers: { authorization: "Bearer hunter2" },
  timeout: 60_000,
  threshold: 3,
  backoff: 1,
  ignored: { mediaTypes: [], actions: [] },
  ...more,
});

/** A catalog with senders over it, and what they said. */
async function sending(...endpoints: Endpoint[]) {
  const catalog = new MemoryCatalog();
  const said: string[] = [];
  const start = async () => {
    const names = endpoints.map(({ name }) => name);
    const { had } = await catalog.apply({ kind: "open-endpoints", names });
    const senders = endpoints.map(
      (endpoint) =>
        new Sender(endpoint, {
          catalog,
          userAgent: "chartroom/test",
          say: (level, message) => said.push(`${level}: ${message}`),
        }),
    );
    for (const [at, sender] of senders.entries()) sender.start(had[at] ?? 0);
    servers.closeLater(() => Promise.all(senders.map((sender) => sender.stop())));
    return senders;
  };
  let senders = await start();
  return {
    catalog,
    said,
    sender: () => senders[0]!,
    /** Events of these ids happen; a pull has an id with `pull` in it. */
    async happen(...ids: string[]) {
      const events = ids.map((id) =>
        JSON.stringify({
          id,
          action: id.includes("pull") ? "pull" : "push",
          target: { mediaType: id.includes("blob") ? "application/octet-stream" : "text/plain" },
        }),
      );
      await catalog.apply({ kind: "tell-events", events });
      for (const sender of senders) sender.wake();
    },
    async restart() {
      await Promise.all(senders.map((sender) => sender.stop()));
      senders = await start();
    },
  };
}

/** Wait for what the sender does after its request was answered. */
async function until(there: () => boolean): Promise<void> {
  while (!there()) await Bun.sleep(1);
}

const idsOf = ({ events }: Pick<Receiver, "events">) => events.map(({ id }) => id);
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `${i}`);
const wrong = (status: number) => new Response("no", { status });

test("events come in order, several in one request, with the headers of the configuration", async () => {
  const there = receiving();
  const { happen } = await sending(endpointAt(there.url));
  const ids = numbered(250);
  await happen(...ids);
  await there.taken(250);
  expect(idsOf(there)).toEqual(ids);
  expect(there.requests.map(({ events }) => events.length)).toEqual([100, 100, 50]);
  const { headers, path } = there.requests[0]!;
  expect(path).toBe("/events");
  expect(headers.get("content-type")).toBe("application/vnd.docker.distribution.events.v2+json");
  expect(headers.get("authorization")).toBe("Bearer hunter2");
  expect(headers.get("user-agent")).toBe("chartroom/test");
});

test("large events share no request", async () => {
  const there = receiving();
  const { happen } = await sending(endpointAt(there.url));
  await happen(...["x", "y", "z"].map((each) => each.repeat(200_000)));
  await there.taken(3);
  expect(there.requests).toHaveLength(3);
});

test("a header of the configuration takes the place of ours", async () => {
  const there = receiving();
  const older = "application/vnd.docker.distribution.events.v1+json";
  const { happen } = await sending(endpointAt(there.url, { headers: { "content-type": older } }));
  await happen("1");
  await there.taken(1);
  expect(there.requests[0]?.headers.get("content-type")).toBe(older);
});

test("what is refused is sent again, the same, until it is taken; it is said once, and that it is over", async () => {
  const there = receiving((count) => (count <= 5 ? wrong(500) : new Response()));
  const { happen, said, sender, catalog } = await sending(endpointAt(there.url));
  await happen("1", "2");
  await there.asked(1);
  await happen("3");
  await there.taken(3);
  expect(idsOf(there)).toEqual(["1", "2", "3"]);
  expect(there.requests.slice(0, 6).map(idsOf)).toEqual(Array.from({ length: 6 }, () => ["1", "2"]));
  const { host } = there.url;
  expect(said).toEqual([
    `warn: Cannot tell a of events: ${host} answered 500. It is tried every 1 ms`,
    "info: a takes events again",
  ]);
  await until(() => sender().had === 3);
  await sender().stop();
  expect(sender().counts).toMatchObject({ events: 3, successes: 3, failures: 10, errors: 0, dropped: 0 });
  expect([...sender().counts.statuses]).toEqual([
    [500, 10],
    [200, 3],
  ]);
  expect(await catalog.apply({ kind: "open-endpoints", names: ["a"] })).toEqual({ done: true, had: [3] });
});

test.each([301, 304, 404, 204])("an answer of %d", async (status) => {
  const there = receiving((count) => new Response(null, { status: count === 1 ? status : 200 }));
  const { happen } = await sending(endpointAt(there.url));
  await happen("1");
  await there.taken(1);
  expect(there.requests).toHaveLength(status === 204 ? 1 : 2);
});

test("to another server nothing is redirected, and no header goes there", async () => {
  const other = receiving();
  const there = receiving((count) =>
    count <= 3 ? Response.redirect(other.url.href, [301, 307, 308][count - 1]) : new Response(),
  );
  const { happen, said } = await sending(endpointAt(there.url));
  await happen("1");
  await there.taken(1);
  expect(other.requests).toEqual([]);
  expect(said[0]).toContain("it leads to another server");
});

test("within a server a redirect is followed, with events and headers", async () => {
  const there = receiving((_, { path }) =>
    path === "/events"
      ? new Response(null, { status: 307, headers: { location: "/moved" } })
      : new Response(),
  );
  const { happen } = await sending(endpointAt(there.url));
  await happen("1");
  await there.taken(1);
  const last = there.requests.at(-1)!;
  expect([last.path, idsOf(last), last.headers.get("authorization")]).toEqual([
    "/moved",
    ["1"],
    "Bearer hunter2",
  ]);
});

test("who does not answer in time is given up and tried again", async () => {
  const there = receiving((count) => (count === 1 ? new Promise<Response>(() => {}) : new Response()));
  const { happen, sender } = await sending(endpointAt(there.url, { timeout: 50 }));
  await happen("1");
  await there.taken(1);
  expect(sender().counts.errors).toBe(1);
});

test("who answers without an end is not listened to", async () => {
  const there = receiving(
    () =>
      new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(9999)) })),
  );
  const { happen } = await sending(endpointAt(there.url));
  await happen("1");
  await there.taken(1);
  await happen("2");
  await there.taken(2);
  expect(idsOf(there)).toEqual(["1", "2"]);
});

test("who speaks nonsense, or is not there, is tried again", async () => {
  const nonsense = await socketServer((socket) => void socket.end("garbage\r\n\r\n"));
  const { port } = nonsense;
  const { happen, sender } = await sending(endpointAt(new URL(`http://127.0.0.1:${port}/`)));
  await happen("1");
  await until(() => nonsense.heads.length >= 2);
  await nonsense.stop();
  const before = sender().counts.errors;
  await until(() => sender().counts.errors > before);
  const there = receiving(undefined, port);
  await there.taken(1);
  expect(idsOf(there)).toEqual(["1"]);
});

test("nobody waits for another endpoint", async () => {
  const [dead, there] = [receiving(() => new Promise<Response>(() => {})), receiving()];
  const { happen, catalog } = await sending(endpointAt(dead.url, { name: "dead" }), endpointAt(there.url));
  await happen("1", "2");
  await there.taken(2);
  await happen("3");
  await there.taken(3);
  expect(idsOf(there)).toEqual(["1", "2", "3"]);
  expect(await catalog.events(0, 9)).toHaveLength(3);
});

test("what an endpoint ignores is passed over, by action or by media type", async () => {
  const there = receiving();
  const ignored = { actions: ["pull"], mediaTypes: ["application/octet-stream"] };
  const { happen, sender } = await sending(endpointAt(there.url, { ignored }));
  await happen("1", "pull", "blob", "pull blob", "2", "pull");
  await there.taken(2);
  expect(idsOf(there)).toEqual(["1", "2"]);
  await until(() => sender().had === 6);
  expect(sender().counts.events).toBe(2);
});

test("what was not taken when it ended is told after the next start, under the same ids", async () => {
  let open = false;
  const there = receiving(() => (open ? new Response() : wrong(503)));
  const { happen, restart, catalog } = await sending(endpointAt(there.url));
  await happen("1", "2");
  await there.asked(2);
  await restart();
  open = true;
  await there.taken(2);
  expect(idsOf(there)).toEqual(["1", "2"]);
  await happen("3");
  await there.taken(3);
  await restart();
  expect(idsOf(there)).toEqual(["1", "2", "3"]);
  expect((await catalog.events(0, 9)).map(({ number }) => number)).toEqual([3]);
});

test("who was away for too long loses the oldest, which is counted and said once", async () => {
  let open = false;
  const there = receiving(() => (open ? new Response() : wrong(503)));
  const { happen, said, sender } = await sending(endpointAt(there.url, { threshold: 1_000_000 }));
  await happen("first");
  await there.asked(1);
  await happen(...numbered(eventLimit + 4));
  open = true;
  await there.taken(2);
  expect(idsOf(there).slice(0, 2)).toEqual(["first", "4"]);
  await until(() => sender().counts.dropped > 0);
  await sender().stop();
  expect(sender().counts.dropped).toBe(4);
  expect(said).toEqual([
    `warn: a was behind by more than ${eventLimit} events: it is not told of the 4 oldest`,
  ]);
});

test("a catalog that does not answer is asked again", async () => {
  const there = receiving();
  const { happen, said, catalog } = await sending(endpointAt(there.url));
  const ask = catalog.events.bind(catalog);
  let failures = 0;
  catalog.events = async (...page) => {
    if (++failures <= 3) throw new Error("no");
    return ask(...page);
  };
  await happen("1");
  await there.taken(1);
  expect(said).toEqual(["warn: Cannot tell a of events: no"]);
});
