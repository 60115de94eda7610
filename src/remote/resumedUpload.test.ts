import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFileSystem } from "../files/filesystem.ts";
import { worthResuming } from "../oci/repository.ts";
import { blobOf } from "../testing/artifacts.ts";
import { nameOf } from "../testing/commands.ts";
import { refuse, type Spoil, type TestRegistry, testRegistry } from "../testing/registry.ts";
import { remoteOf } from "../testing/remote.ts";
import { noise, streamOf } from "../testing/streams.ts";
import { UploadSessions } from "./uploadSessions.ts";

describe("an upload that an earlier process left", () => {
  const blob = blobOf(noise(worthResuming + 100));
  const here = new URL("http://localhost/left");
  let made: TestRegistry;
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "chartroom-upload-"));
  });
  afterEach(async () => {
    await made.stop();
    await rm(folder, { recursive: true });
  });
  const uploads = () => new UploadSessions(nodeFileSystem, folder, Date.now);
  const target = () => ({
    registry: made.host,
    repository: nameOf("my/repo"),
    digest: blob.descriptor.digest,
  });
  const remembered = async (): Promise<string | undefined> => {
    const claim = await uploads().claim(target());
    claim?.release();
    return claim?.location?.href;
  };
  /** Push it with a session that was left at `/left`; gives what was asked, and from where the bytes. */
  async function goOn(
    spoil: Spoil,
    source = (from: number) => streamOf(blob.bytes.subarray(from)),
    left?: string,
  ) {
    made = testRegistry(spoil);
    const claim = await uploads().claim(target());
    await claim?.keep(new URL(here.pathname, left ?? made.origin));
    claim?.release();
    const from: number[] = [];
    const pushed = remoteOf(made, { uploads: uploads() }).pushBlob(blob.descriptor, async (offset) => {
      from.push(offset);
      return source(offset);
    });
    await pushed;
    return { from, methods: made.requests.map((request) => request.split(" ")[0]).join(" ") };
  }
  const has = (range: string) => new Response(null, { status: 204, headers: { range, location: "/left?2" } });

  test("goes on there, and is forgotten once it is through", async () => {
    const went = await goOn((request, { pathname }) => {
      if (request.method === "GET" && pathname === "/left") return has("0-999");
      return pathname === "/left" && request.method === "PUT"
        ? new Response(null, { status: 201 })
        : undefined;
    });
    expect(went).toEqual({ from: [1000], methods: "HEAD GET PUT" });
    expect(made.requests.at(-1)).toStartWith("PUT /left?2&digest=");
    expect(await remembered()).toBeUndefined();
  });

  test.each([
    ["unknown", () => refuse(404, "BLOB_UPLOAD_UNKNOWN")],
    ["not ours", () => refuse(403, "DENIED")],
    ["lost by the registry's storage", () => refuse(500, "UNKNOWN")],
    ["not to be asked about", () => new Response(null, { status: 405 })],
    ["sealed for another offset", () => refuse(416, "RANGE_INVALID")],
    ["a page", () => new Response("<html>", { headers: { "content-type": "text/plain" } })],
    ["empty, or has one byte", () => has("0-0")],
    ["longer than the blob", () => has(`0-${worthResuming + 100}`)],
  ])("that is %s is begun anew", async (_, answer) => {
    const went = await goOn((request) => (request.method === "GET" ? answer() : undefined));
    expect(went).toEqual({ from: [0], methods: "HEAD GET POST PUT" });
    expect(await remembered()).toBeUndefined();
  });

  test("where no server is any more, though the registry is there, is begun anew", async () => {
    const gone = testRegistry();
    await gone.stop();
    const went = await goOn(() => undefined, undefined, gone.origin);
    expect(went).toEqual({ from: [0], methods: "HEAD POST PUT" });
    expect(await remembered()).toBeUndefined();
  });

  test.each([
    ["whose bytes turn out to be wrong", 400, "DIGEST_INVALID"],
    ["that the registry's storage lost", 500, "UNKNOWN"],
  ])("%s is brought once more, in one piece", async (_, status, code) => {
    const went = await goOn((request, { pathname }) => {
      if (request.method === "GET") return has("0-999");
      return pathname === "/left" ? refuse(status, code) : undefined;
    });
    expect(went).toEqual({ from: [1000, 0], methods: "HEAD GET PUT HEAD POST PUT" });
  });

  test("and breaks off again, is left for the next one; nobody closes it", async () => {
    const fault = new Error("stopped");
    const went = goOn(
      async (request) => {
        if (request.method === "GET") return has("0-999");
        if (request.method === "PUT") await request.bytes().catch(() => undefined);
        return undefined;
      },
      () => streamOf(blob.bytes.subarray(1000, 100_000), { fail: fault }),
    );
    await expect(went).rejects.toBe(fault);
    expect(made.requests.map((request) => request.split(" ")[0])).toEqual(["HEAD", "GET", "PUT"]);
    expect(await remembered()).toBe(`${made.origin}/left?2`);
  });

  test("is not used by two at once: the second one opens its own", async () => {
    made = testRegistry();
    const claim = await uploads().claim(target());
    await claim?.keep(new URL(here.pathname, made.origin));
    await remoteOf(made, { uploads: uploads() }).pushBlob(blob.descriptor, async () => streamOf(blob.bytes));
    expect(made.requests.map((request) => request.split(" ")[0])).toEqual(["POST", "PUT"]);
    claim?.release();
    expect(await remembered()).toBe(`${made.origin}/left`);
  });
});
