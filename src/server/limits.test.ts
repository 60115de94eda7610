import { describe, expect, test } from "bun:test";
import { digestOf } from "../oci/digest.ts";
import { errorCodes, testHandler } from "../testing/handler.ts";
import { Front } from "./front.ts";
import { type LimitSettings, Limits } from "./limits.ts";

let time = 0;
const none: LimitSettings = {
  address: undefined,
  user: undefined,
  uploads: { total: undefined, each: undefined },
};
const limits = (more: Partial<LimitSettings>) => new Limits({ ...none, ...more }, () => time);
const twice = { perSecond: 1, burst: 2 };
const login = (name: string) => ({ authorization: `Basic ${btoa(`${name}:secret`)}` });
const anyone = { realm: "here", authenticate: async () => true };
const trusting = new Front({ base: undefined, absolute: false, headers: [], trusted: ["192.0.2.7"] });

describe("requests", () => {
  test("of one address are turned away with a time to wait, and come through after it", async () => {
    const { ask } = testHandler(undefined, { limits: limits({ address: twice }) });
    for (let times = 0; times < 2; times++) expect((await ask("GET /v2/")).status).toBe(200);
    const refused = await ask("GET /v2/");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(await errorCodes(refused)).toEqual(["TOOMANYREQUESTS"]);
    time += 1000;
    expect((await ask("GET /v2/")).status).toBe(200);
  });

  test("count by the client that a trusted proxy names, and by networks", async () => {
    const { ask } = testHandler(undefined, { limits: limits({ address: twice }), front: trusting });
    const from = async (address: string) =>
      (await ask("GET /v2/", { headers: { "x-forwarded-for": address } })).status;
    const near = ["2001:db8::1", "2001:db8::2", "2001:db8::3"];
    expect(await Promise.all(near.map(from))).toEqual([200, 200, 429]);
    expect(await from("2001:db8:0:1::1")).toBe(200);
    expect(await from("198.51.100.4")).toBe(200);
  });

  test("count by nobody's word otherwise", async () => {
    const { ask } = testHandler(undefined, { limits: limits({ address: twice }) });
    const from = async (address: string) =>
      (await ask("GET /v2/", { headers: { "x-forwarded-for": address } })).status;
    expect(await Promise.all(["198.51.100.1", "198.51.100.2", "198.51.100.3"].map(from))).toEqual([
      200, 200, 429,
    ]);
  });

  test("of one user, wherever he comes from", async () => {
    const { ask } = testHandler(anyone, { limits: limits({ user: twice }), front: trusting });
    const by = async (user: string, address: string) =>
      (await ask("GET /v2/", { headers: { ...login(user), "x-forwarded-for": address } })).status;
    expect([await by("ann", "198.51.100.1"), await by("ann", "198.51.100.2")]).toEqual([200, 200]);
    expect(await by("ann", "198.51.100.3")).toBe(429);
    expect(await by("bob", "198.51.100.3")).toBe(200);
  });
});

describe("uploads", () => {
  /** A body that stays open until it is ended. */
  function opened() {
    const { readable, writable } = new TransformStream<Uint8Array>();
    const writer = writable.getWriter();
    return { body: readable, end: () => writer.close() };
  }
  const path = (content: string) =>
    `/v2/a/blobs/uploads/?digest=${digestOf(new TextEncoder().encode(content))}`;

  test.each([
    ["of all", { total: 1, each: undefined }, 503],
    ["of one", { total: undefined, each: 1 }, 429],
  ] as const)("%s: so many at once, and again when one is through", async (_, uploads, status) => {
    const { ask } = testHandler(undefined, { limits: limits({ uploads }) });
    const { body, end } = opened();
    const first = ask(`POST ${path("")}`, { body });
    const refused = await ask(`POST ${path("x")}`, { body: new TextEncoder().encode("x") });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([status, "5"]);
    expect(await errorCodes(refused)).toEqual(["TOOMANYREQUESTS"]);
    // What brings no bytes is no upload.
    expect((await ask("POST /v2/a/blobs/uploads/")).status).toBe(202);
    await end();
    expect((await first).status).toBe(201);
    expect((await ask(`POST ${path("x")}`, { body: new TextEncoder().encode("x") })).status).toBe(201);
  });

  test("one user's do not keep another's out", async () => {
    const settings = limits({ uploads: { total: undefined, each: 1 } });
    const { ask } = testHandler(anyone, { limits: settings });
    const { body, end } = opened();
    const first = ask(`POST ${path("")}`, { body, headers: login("ann") });
    const again = (user: string) =>
      ask(`POST ${path("x")}`, { body: new TextEncoder().encode("x"), headers: login(user) });
    expect([(await again("ann")).status, (await again("bob")).status]).toEqual([429, 201]);
    await end();
    await first;
  });

  test("a failed one is through, too", async () => {
    const { ask } = testHandler(undefined, { limits: limits({ uploads: { total: 1, each: 1 } }) });
    for (let times = 0; times < 3; times++)
      expect((await ask(`POST ${path("x")}`, { body: new TextEncoder().encode("y") })).status).toBe(400);
  });
});

describe("blobs that are too large", () => {
  const bytes = new Uint8Array(11);
  const rules = { largestBlob: 10 };
  const digest = digestOf(bytes);
  const stream = () =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of [bytes.subarray(0, 6), bytes.subarray(6)]) controller.enqueue(piece);
        controller.close();
      },
    });

  // Small ones are read whole, others as a stream.
  test.each(["11", "1000000"])(
    "are refused before anything is read where their size is said, as %s",
    async (size) => {
      const { ask } = testHandler(undefined, { rules });
      let read = 0;
      const body = new ReadableStream<Uint8Array>({ pull: () => void read++ }, { highWaterMark: 0 });
      const headers = { "content-length": size };
      const refused = await ask(`POST /v2/a/blobs/uploads/?digest=${digest}`, { body, headers });
      expect([refused.status, await errorCodes(refused), read]).toEqual([413, ["SIZE_INVALID"], 0]);
    },
  );

  test("are refused while they come where it is not, and by all their chunks together", async () => {
    const { ask } = testHandler(undefined, { rules });
    expect((await ask(`POST /v2/a/blobs/uploads/?digest=${digest}`, { body: stream() })).status).toBe(413);
    const session = (await ask("POST /v2/a/blobs/uploads/")).headers.get("location");
    expect((await ask(`PATCH ${session}`, { body: bytes.subarray(0, 6) })).status).toBe(202);
    const chunk = { body: bytes.subarray(6), headers: { "content-range": "6-10" } };
    expect((await ask(`PATCH ${session}`, chunk)).status).toBe(413);
    expect((await ask(`PUT ${session}?digest=${digest}`, { body: bytes.subarray(6) })).status).toBe(413);
    expect((await ask(`GET ${session}`)).headers.get("range")).toBe("0-5");
  });

  test("one that just fits is taken", async () => {
    const { ask } = testHandler(undefined, { rules });
    const fits = bytes.subarray(0, 10);
    const path = `POST /v2/a/blobs/uploads/?digest=${digestOf(fits)}`;
    expect((await ask(path, { body: fits })).status).toBe(201);
  });
});
