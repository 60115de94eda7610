import { expect } from "bun:test";
import { digestOf } from "../../oci/digest.ts";
import { absentDigest, blobOf, pushContent } from "../../testing/artifacts.ts";
import { type TestHandler, testHandler } from "../../testing/handler.ts";
import { noise } from "../../testing/streams.ts";
import { type Exchange, expectAnswer, expectAnswers, onTheWire, row } from "./row.suite.ts";

// Blob upload.

const bytes = noise(5000);
const digest = digestOf(bytes);
const uploads = "/v2/a/b/blobs/uploads/";
const session = /^\/v2\/a\/b\/blobs\/uploads\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const unknown = { status: 404, codes: ["BLOB_UPLOAD_UNKNOWN"] };
const made = {
  status: 201,
  headers: { location: `/v2/a/b/blobs/${digest}`, "docker-content-digest": digest },
};

async function open({ ask }: Pick<TestHandler, "ask">): Promise<string> {
  return (await ask(`POST ${uploads}`)).headers.get("location") ?? "";
}

const chunk = (from: number, to: number) => ({
  body: bytes.subarray(from, to),
  headers: { "content-range": `${from}-${to - 1}` },
});
/** What an answer says of a session that has so many bytes. */
const at = (status: number, location: string, offset: number) => ({
  status,
  headers: { location, range: `0-${Math.max(0, offset - 1)}`, "upload-offset": `${offset}` },
});
const visible = (handler: TestHandler) => Array.fromAsync(handler.blobs.list());

row(16, "POST gives 202 and a Location with a UUID, and whatever query the client adds is fine", async () => {
  const handler = testHandler();
  await expectAnswer(handler, `POST ${uploads}`, { status: 202, headers: { location: session } });
  await expectAnswer(handler, `PUT ${await open(handler)}?x=1&digest=${digest}&y=`, made, { body: bytes });
});

row(
  17,
  "a Location is relative: it holds behind any proxy, whatever host or scheme the client sees",
  async () => {
    const headers = {
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "https",
      host: "evil.example",
    };
    await expectAnswer(
      testHandler(),
      `POST ${uploads}`,
      { status: 202, headers: { location: session } },
      { headers },
    );
    await expectAnswer(testHandler(undefined, { root: "/team" }), `POST /team${uploads}`, {
      status: 202,
      headers: { location: /^\/team\/v2\/a\/b\/blobs\/uploads\/[0-9a-f-]{36}$/ },
    });
  },
);

row(18, "PUT with the digest gives 201 and the Location of the blob", async () => {
  const handler = testHandler();
  await expectAnswers(
    handler,
    [`PUT ${await open(handler)}?digest=${digest}`, made, { body: bytes }],
    [`GET ${made.headers.location}`, { status: 200, bytes }],
  );
});

row(19, "PUT without a digest is 400, and the session stays", async () => {
  const handler = testHandler();
  const location = await open(handler);
  await expectAnswers(
    handler,
    [`PATCH ${location}`, at(202, location, 5000), { body: bytes }],
    [`PUT ${location}`, { status: 400, codes: ["DIGEST_INVALID"] }],
    [`GET ${location}`, at(204, location, 5000)],
    [`PUT ${location}?digest=${digest}`, made],
  );
});

row(20, "bytes of another digest are 400, and nothing shows", async () => {
  const handler = testHandler();
  const wrong = { status: 400, codes: ["DIGEST_INVALID"] };
  for (const bad of [absentDigest(), digestOf(bytes.subarray(1)), digestOf(bytes.subarray(1), "sha512")]) {
    const location = await open(handler);
    await expectAnswers(
      handler,
      [`POST ${uploads}?digest=${bad}`, wrong, { body: bytes }],
      [`PUT ${location}?digest=${bad}`, wrong, { body: bytes }],
      [`HEAD /v2/a/b/blobs/${bad}`, { status: 404 }],
      [`HEAD /v2/a/b/blobs/${digest}`, { status: 404 }],
    );
  }
  expect(await visible(handler)).toEqual([]);
});

row(21, "one POST with the digest and the body is 201, on a connection that lives on", async () => {
  await onTheWire(async (handler) => {
    for (const status of [201, 400, 201])
      await expectAnswer(
        handler,
        `POST ${uploads}?digest=${status === 201 ? digest : absentDigest()}`,
        { status },
        { body: bytes },
      );
    await expectAnswer(handler, `GET ${made.headers.location}`, { status: 200, bytes });
  });
});

row(22, "the POST of a chunked upload has no body, and any size of chunk is welcome", async () => {
  const handler = testHandler();
  const headers = { "content-length": "0" };
  await expectAnswer(
    handler,
    `POST ${uploads}`,
    { status: 202, headers: { "oci-chunk-min-length": undefined } },
    { headers },
  );
  const location = await open(handler);
  await expectAnswer(handler, `PATCH ${location}`, at(202, location, 1), chunk(0, 1));
});

row(
  23,
  "Content-Range of a chunk is FIRST-LAST; RFC 9110's form is read too, and nonsense is 400",
  async () => {
    const handler = testHandler();
    for (const range of ["0-9", "bytes 0-9/*", "bytes 0-9/5000", "bytes=0-9"]) {
      const location = await open(handler);
      const carried = { body: bytes.subarray(0, 10), headers: { "content-range": range } };
      await expectAnswer(handler, `PATCH ${location}`, at(202, location, 10), carried);
    }
    const location = await open(handler);
    for (const range of [
      "9-0",
      "0--1",
      "-9",
      "0-",
      "x",
      "0-9,20-29",
      "99999999999999999999-99999999999999999999",
    ])
      await expectAnswers(
        handler,
        [
          `PATCH ${location}`,
          { status: 400, codes: ["BLOB_UPLOAD_INVALID"] },
          { body: bytes, headers: { "content-range": range } },
        ],
        [`GET ${location}`, at(204, location, 0)],
      );
  },
);

row(24, "PATCH gives 202 and the Range of all that came so far, without a unit", async () => {
  const handler = testHandler();
  const location = await open(handler);
  await expectAnswers(
    handler,
    [`PATCH ${location}`, at(202, location, 1000), chunk(0, 1000)],
    [`PATCH ${location}`, at(202, location, 1500), { body: bytes.subarray(1000, 1500) }],
    [`PATCH ${location}`, at(202, location, 5000), chunk(1500, 5000)],
  );
});

const outOfOrder = (location: string, offset: number): Exchange[1] => ({
  ...at(416, location, offset),
  codes: ["BLOB_UPLOAD_INVALID"],
});

/** A gap, an overlap, and the same again. */
const misplaced = [chunk(2000, 3000), chunk(500, 1500), chunk(0, 1000)];

row(25, "a chunk that is not the next is 416, and the session goes on", async () => {
  for (const wrong of misplaced) {
    const handler = testHandler();
    const location = await open(handler);
    await expectAnswers(
      handler,
      [`PATCH ${location}`, at(202, location, 1000), chunk(0, 1000)],
      [`PATCH ${location}`, outOfOrder(location, 1000), wrong],
      [`GET ${location}`, at(204, location, 1000)],
      [`PATCH ${location}`, at(202, location, 5000), chunk(1000, 5000)],
      [`PUT ${location}?digest=${digest}`, made],
    );
  }
});

row(26, "a last chunk that is not the next is 416 as well, and touches nothing", async () => {
  for (const wrong of misplaced) {
    const handler = testHandler();
    const location = await open(handler);
    await expectAnswers(
      handler,
      [`PATCH ${location}`, at(202, location, 1000), chunk(0, 1000)],
      [`PUT ${location}?digest=${digest}`, outOfOrder(location, 1000), wrong],
      [`PUT ${location}?digest=${digest}`, made, chunk(1000, 5000)],
    );
  }
});

row(27, "a chunk of another length than its range is 400, and none of it is kept", async () => {
  const handler = testHandler();
  const location = await open(handler);
  const sized = { status: 400, codes: ["SIZE_INVALID"] };
  const range = { "content-range": "0-99" };
  const stream = new Blob([bytes.subarray(0, 50)]).stream();
  for (const carried of [
    { body: bytes.subarray(0, 50), headers: range },
    { body: bytes.subarray(0, 200), headers: range },
    { body: stream, headers: range },
    { body: new Blob([bytes]).stream(), headers: range },
    { headers: range },
    { headers: { ...range, "content-length": "0" } },
  ])
    await expectAnswers(
      handler,
      [`PATCH ${location}`, sized, carried],
      [`GET ${location}`, at(204, location, 0)],
    );
});

row(28, "PATCH without Content-Range appends a stream of any length, as it comes", async () => {
  const handler = testHandler();
  const location = await open(handler);
  const stream = new Blob([bytes.subarray(0, 4000)]).stream();
  await expectAnswers(
    handler,
    [`PATCH ${location}`, at(202, location, 4000), { body: stream }],
    [`PATCH ${location}`, at(202, location, 5000), { body: new Blob([bytes.subarray(4000)]).stream() }],
    [`PUT ${location}?digest=${digest}`, made],
  );
});

row(29, "GET of a session is 204 with Location and Range; Upload-Offset tells no byte from one", async () => {
  const handler = testHandler();
  const location = await open(handler);
  await expectAnswers(
    handler,
    [`GET ${location}`, { status: 204, headers: { location, range: "0-0", "upload-offset": "0" } }],
    [`PATCH ${location}`, { status: 202 }, chunk(0, 1)],
    [`GET ${location}`, { status: 204, headers: { location, range: "0-0", "upload-offset": "1" } }],
    [`PATCH ${location}`, { status: 202 }, chunk(1, 2)],
    [`GET ${location}`, { status: 204, headers: { location, range: "0-1", "upload-offset": "2" } }],
  );
});

row(30, "DELETE of a session is 204, and frees what came", async () => {
  const handler = testHandler();
  const location = await open(handler);
  await expectAnswers(
    handler,
    [`PATCH ${location}`, { status: 202 }, chunk(0, 1000)],
    [`DELETE ${location}`, { status: 204 }],
    [`GET ${location}`, unknown],
    [`DELETE ${location}`, unknown],
  );
  expect(await Array.fromAsync(handler.blobs.ingests())).toEqual([]);
});

const none = digestOf(new Uint8Array());

row(31, "a blob of no bytes is one", async () => {
  const handler = testHandler();
  await expectAnswers(
    handler,
    [`PUT ${await open(handler)}?digest=${none}`, { status: 201 }],
    [
      `GET /v2/a/b/blobs/${none}`,
      { status: 200, headers: { "content-length": "0" }, bytes: new Uint8Array() },
    ],
    [`POST /v2/c/blobs/uploads/?digest=${digestOf(new Uint8Array(), "sha512")}`, { status: 201 }],
  );
});

row(32, "a PATCH of no bytes changes nothing and is 202", async () => {
  const handler = testHandler();
  const location = await open(handler);
  const nothing = () => [{}, { body: new Uint8Array() }, { body: new Blob([]).stream() }];
  for (const carried of nothing())
    await expectAnswer(handler, `PATCH ${location}`, at(202, location, 0), carried);
  await expectAnswer(handler, `PATCH ${location}`, at(202, location, 100), chunk(0, 100));
  for (const carried of nothing())
    await expectAnswer(handler, `PATCH ${location}`, at(202, location, 100), carried);
});

row(33, "a session is gone once it is finished, or was never there", async () => {
  const handler = testHandler();
  const location = await open(handler);
  await expectAnswer(handler, `PUT ${location}?digest=${digest}`, made, { body: bytes });
  for (const gone of [location, `${uploads}${crypto.randomUUID()}`, `${uploads}nonsense`])
    for (const line of [`GET ${gone}`, `PATCH ${gone}`, `PUT ${gone}?digest=${digest}`, `DELETE ${gone}`])
      await expectAnswer(handler, line, unknown);
});

row(34, "a session answers in its own repository and to its own user alone", async () => {
  const handler = testHandler({ realm: "r", authenticate: async () => true });
  const as = (user: string) => ({ authorization: `Basic ${Buffer.from(`${user}:x`).toString("base64")}` });
  const opened = await handler.ask(`POST ${uploads}`, { headers: as("ann") });
  const location = opened.headers.get("location") ?? "";
  const lines = (where: string) => [
    `GET ${where}`,
    `PATCH ${where}`,
    `PUT ${where}?digest=${digest}`,
    `DELETE ${where}`,
  ];
  for (const line of lines(location)) await expectAnswer(handler, line, unknown, { headers: as("bob") });
  for (const line of lines(location.replace("/a/b/", "/a/c/")))
    await expectAnswer(handler, line, unknown, { headers: as("ann") });
  await expectAnswer(handler, `GET ${location}`, at(204, location, 0), { headers: as("ann") });
});

row(
  35,
  "two clients at one session do not interleave: the newer takes over where the older was",
  async () => {
    const handler = testHandler();
    const location = await open(handler);
    const taken = Promise.withResolvers<void>();
    let pulls = 0;
    const hanging = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (pulls++ === 0) return controller.enqueue(bytes.subarray(0, 1000));
          taken.resolve();
          return new Promise(() => {});
        },
      },
      { highWaterMark: 0 },
    );
    const older = handler.ask(`PATCH ${location}`, { body: hanging });
    await taken.promise;
    await expectAnswer(handler, `PATCH ${location}`, at(202, location, 5000), { body: bytes.subarray(1000) });
    expect((await older).status).toBe(409);
    await expectAnswer(handler, `PUT ${location}?digest=${digest}`, made);
  },
);

row(
  36,
  "digest-algorithm at the POST is a hint that nobody needs; one that cannot be had is told early",
  async () => {
    const handler = testHandler();
    const long = digestOf(bytes, "sha512");
    for (const query of ["", "?digest-algorithm=sha512", "?digest-algorithm=sha256"]) {
      const location = (await handler.ask(`POST ${uploads}${query}`)).headers.get("location");
      await expectAnswer(handler, `PUT ${location}?digest=${long}`, { status: 201 }, { body: bytes });
    }
    await expectAnswer(handler, `POST ${uploads}?digest-algorithm=md5`, {
      status: 400,
      codes: ["DIGEST_INVALID"],
    });
  },
);

const source = async () => {
  const handler = testHandler();
  await pushContent(handler.repository("source"), blobOf(bytes));
  return handler;
};

row(
  37,
  "a mount is 201; one that fails is the 202 of a session, whatever was wrong with its source",
  async () => {
    const handler = await source();
    await expectAnswers(
      handler,
      ...["nowhere", "No/Name", "", "source/"].map(
        (from): Exchange => [
          `POST ${uploads}?mount=${digest}&from=${from}`,
          { status: 202, headers: { location: session } },
        ],
      ),
      [`POST ${uploads}?mount=${digest}&from=source`, made],
      [`GET ${made.headers.location}`, { status: 200, bytes }],
    );
  },
);

row(38, "a mount needs no source", async () => {
  await expectAnswers(
    await source(),
    [`POST ${uploads}?mount=${absentDigest()}`, { status: 202, headers: { location: session } }],
    [`HEAD /v2/a/b/blobs/${digest}`, { status: 404 }],
    [`POST ${uploads}?mount=${digest}`, made],
    [`GET ${made.headers.location}`, { status: 200, bytes }],
  );
});
