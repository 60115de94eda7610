import { describe, expect, spyOn, test } from "bun:test";
import { digestOf } from "../../oci/digest.ts";
import { absentDigest, blobOf, pushContent } from "../../testing/artifacts.ts";
import { errorCodes, type TestHandler, testHandler } from "../../testing/handler.ts";
import { noise, streamOf } from "../../testing/streams.ts";

const bytes = noise(5000);
const digest = digestOf(bytes);

/** Open a session and give its location. */
async function open({ ask }: TestHandler, name = "a/b"): Promise<string> {
  const response = await ask(`POST /v2/${name}/blobs/uploads/`);
  expect(response.status).toBe(202);
  const location = response.headers.get("location") ?? "";
  expect(location).toMatch(new RegExp(`^/v2/${name}/blobs/uploads/[0-9a-f-]{36}$`));
  expect(response.headers.get("range")).toBe("0-0");
  return location;
}

const chunk = (from: number, to: number) => ({
  body: bytes.subarray(from, to),
  headers: { "content-range": `${from}-${to - 1}`, "content-type": "application/octet-stream" },
});

/** That the blob was made, where the answer says. */
async function expectMade({ ask }: TestHandler, response: Response, of = digest): Promise<void> {
  expect(response.status).toBe(201);
  expect(response.headers.get("docker-content-digest")).toBe(of);
  const location = response.headers.get("location") ?? "";
  expect(location).toBe(`/v2/a/b/blobs/${of}`);
  expect(response.headers.get("chartroom-heeds")).toBe("If-Match, If-None-Match");
  expect((await ask(`HEAD ${location}`)).status).toBe(200);
}

describe("pushing a blob", () => {
  test("in one POST", async () => {
    const handler = testHandler();
    const made = await handler.ask(`POST /v2/a/b/blobs/uploads/?digest=${digest}`, { body: bytes });
    await expectMade(handler, made);
  });

  test("in one POST, which is read at once where it says that it is small, and is a whole", async () => {
    for (const [size, headers, isSmall] of [
      [0, { "content-length": "0" }, true],
      [65_536, { "content-length": "65536" }, true],
      [65_537, { "content-length": "65537" }, false],
      [5_000, undefined, false],
      [5_000, { "content-length": "5000", "content-range": "0-4999" }, false],
    ] as const) {
      const handler = testHandler();
      const small = spyOn(handler.blobs, "smallIngest");
      const { bytes: whole, descriptor } = blobOf(noise(size));
      // A stream does not say how long it is.
      const sent = (body: Uint8Array) => ({
        body: headers ? body : streamOf(body),
        headers: { ...headers },
      });
      const line = `POST /v2/a/b/blobs/uploads/?digest=${descriptor.digest}`;
      await expectMade(handler, await handler.ask(line, sent(whole)), descriptor.digest);
      expect([size, small.mock.calls.length]).toEqual([size, isSmall ? 1 : 0]);
      const wrong = line.replace("/a/b/", "/a/c/");
      if (size > 0) expect((await handler.ask(wrong, sent(noise(size, 9)))).status).toBe(400);
    }
  });

  test("by POST and PUT", async () => {
    const handler = testHandler();
    const location = await open(handler);
    await expectMade(handler, await handler.ask(`PUT ${location}?digest=${digest}`, { body: bytes }));
  });

  test("by sha512, without a hint at the POST", async () => {
    const handler = testHandler();
    const location = await open(handler);
    const long = digestOf(bytes, "sha512");
    await expectMade(handler, await handler.ask(`PUT ${location}?digest=${long}`, { body: bytes }), long);
  });

  test("that is empty", async () => {
    const handler = testHandler();
    const none = digestOf(new Uint8Array());
    await expectMade(handler, await handler.ask(`PUT ${await open(handler)}?digest=${none}`), none);
    await expectMade(handler, await handler.ask(`POST /v2/a/b/blobs/uploads/?digest=${none}`), none);
  });

  test("in chunks, the last one with the PUT", async () => {
    const handler = testHandler();
    const location = await open(handler);
    for (const [from, to] of [
      [0, 1000],
      [1000, 3000],
    ] as const) {
      const response = await handler.ask(`PATCH ${location}`, chunk(from, to));
      expect(response.status).toBe(202);
      expect(response.headers.get("location")).toBe(location);
      expect(response.headers.get("range")).toBe(`0-${to - 1}`);
    }
    const shown = await handler.ask(`GET ${location}`);
    expect([shown.status, shown.headers.get("range"), shown.headers.get("upload-offset")]).toEqual([
      204,
      "0-2999",
      "3000",
    ]);
    await expectMade(handler, await handler.ask(`PUT ${location}?digest=${digest}`, chunk(3000, 5000)));
    const after = await handler.ask(`GET ${location}`);
    expect([after.status, await errorCodes(after)]).toEqual([404, ["BLOB_UPLOAD_UNKNOWN"]]);
  });

  test("as a stream without Content-Range", async () => {
    const handler = testHandler();
    const location = await open(handler);
    const response = await handler.ask(`PATCH ${location}`, { body: streamOf(bytes, { chunk: 700 }) });
    expect([response.status, response.headers.get("range")]).toEqual([202, "0-4999"]);
    await expectMade(handler, await handler.ask(`PUT ${location}?digest=${digest}`));
  });

  test("an empty PATCH changes nothing", async () => {
    const handler = testHandler();
    const location = await open(handler);
    await handler.ask(`PATCH ${location}`, chunk(0, 100));
    const response = await handler.ask(`PATCH ${location}`);
    expect([response.status, response.headers.get("range")]).toEqual([202, "0-99"]);
  });

  test("a chunk out of order is told where to go on", async () => {
    const handler = testHandler();
    const location = await open(handler);
    await handler.ask(`PATCH ${location}`, chunk(0, 1000));
    for (const line of [`PATCH ${location}`, `PUT ${location}?digest=${digest}`]) {
      const response = await handler.ask(line, chunk(2000, 3000));
      expect(response.status).toBe(416);
      expect(response.headers.get("location")).toBe(location);
      expect(response.headers.get("range")).toBe("0-999");
      expect(await errorCodes(response)).toEqual(["BLOB_UPLOAD_INVALID"]);
    }
    await expectMade(handler, await handler.ask(`PUT ${location}?digest=${digest}`, chunk(1000, 5000)));
  });

  for (const [headers, code] of [
    [{ "content-range": "nonsense" }, "BLOB_UPLOAD_INVALID"],
    [{ "content-range": "9-0" }, "BLOB_UPLOAD_INVALID"],
    [{ "content-range": "0-9" }, "SIZE_INVALID"],
  ] as const)
    test(`Content-Range: ${headers["content-range"]} over 5000 bytes is refused`, async () => {
      const handler = testHandler();
      const location = await open(handler);
      const response = await handler.ask(`PATCH ${location}`, { body: bytes, headers });
      expect([response.status, await errorCodes(response)]).toEqual([400, [code]]);
      expect((await handler.ask(`GET ${location}`)).headers.get("upload-offset")).toBe("0");
    });

  test("a wrong, a malformed or a missing digest is refused, and nothing shows", async () => {
    const handler = testHandler();
    const location = await open(handler);
    for (const line of [
      `PUT ${location}`,
      `PUT ${location}?digest=`,
      `PUT ${location}?digest=sha256:beef`,
      `PUT ${location}?digest=${absentDigest()}`,
      `POST /v2/a/b/blobs/uploads/?digest=${absentDigest()}`,
      "POST /v2/a/b/blobs/uploads/?digest=nonsense",
    ]) {
      const response = await handler.ask(line, { body: bytes });
      expect([response.status, await errorCodes(response)]).toEqual([400, ["DIGEST_INVALID"]]);
    }
    expect(await Array.fromAsync(handler.blobs.list())).toEqual([]);
    await expectMade(handler, await handler.ask(`PUT ${location}?digest=${digest}`));
  });

  test("a session answers only under its own name", async () => {
    const handler = testHandler();
    const location = await open(handler);
    const elsewhere = location.replace("/a/b/", "/a/c/");
    for (const line of [
      `GET ${elsewhere}`,
      `PATCH ${elsewhere}`,
      `PUT ${elsewhere}?digest=${digest}`,
      `DELETE ${elsewhere}`,
    ]) {
      const response = await handler.ask(line);
      expect([response.status, await errorCodes(response)]).toEqual([404, ["BLOB_UPLOAD_UNKNOWN"]]);
    }
  });

  test("a session can be cancelled, once", async () => {
    const handler = testHandler();
    const location = await open(handler);
    await handler.ask(`PATCH ${location}`, chunk(0, 1000));
    expect((await handler.ask(`DELETE ${location}`)).status).toBe(204);
    expect((await handler.ask(`DELETE ${location}`)).status).toBe(404);
    expect((await handler.ask(`PATCH ${location}`, chunk(1000, 2000))).status).toBe(404);
    expect(await Array.fromAsync(handler.blobs.ingests())).toEqual([]);
  });
});

describe("mounting a blob", () => {
  const blob = blobOf(bytes);

  async function mounting(query: string, into = "a/b"): Promise<[TestHandler, Response]> {
    const handler = testHandler();
    await pushContent(handler.repository("source/repository"), blob);
    return [handler, await handler.ask(`POST /v2/${into}/blobs/uploads/?${query}`)];
  }

  for (const query of [
    `mount=${digest}&from=source/repository`,
    `mount=${digest}&from=source%2Frepository`,
    `mount=${digest}`,
  ])
    test(`?${query.replace(digest, "…")}`, async () => {
      const [handler, response] = await mounting(query);
      await expectMade(handler, response);
    });

  test("that the repository has already", async () => {
    const [, response] = await mounting(`mount=${digest}&from=elsewhere`, "source/repository");
    expect(response.status).toBe(201);
  });

  for (const query of [
    `mount=${digest}&from=elsewhere`,
    `mount=${digest}&from=No/Name`,
    `mount=${digest}&from=`,
    `mount=${absentDigest()}`,
    `mount=${absentDigest()}&from=source/repository`,
  ])
    test(`?${query.replace(/sha256:\w+/, "…")} opens a session instead`, async () => {
      const [handler, response] = await mounting(query);
      expect(response.status).toBe(202);
      const location = response.headers.get("location");
      await expectMade(handler, await handler.ask(`PUT ${location}?digest=${digest}`, { body: bytes }));
    });

  test("of no digest is refused", async () => {
    const [, response] = await mounting("mount=latest&from=source/repository");
    expect([response.status, await errorCodes(response)]).toEqual([400, ["DIGEST_INVALID"]]);
  });
});
