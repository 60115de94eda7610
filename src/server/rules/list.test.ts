import { expect } from "bun:test";
import { connect } from "node:net";
import { ChartroomError } from "../../oci/errors.ts";
import { parseTag } from "../../oci/reference.ts";
import { type Fault, faults } from "../../registry/errors.ts";
import { absentDigest, blobOf, imageOf, pushArtifact, pushContent } from "../../testing/artifacts.ts";
import { testHandler } from "../../testing/handler.ts";
import { errorAnswer } from "../v2/errors.ts";
import { clientRow, type Exchange, expectAnswer, expectAnswers, onTheWire, row } from "./row.suite.ts";

// Listing, deletion, errors, and what HTTP asks.

const blob = blobOf("layer");
const image = imageOf([blob]);
const { digest } = image.descriptor;
const list = "/v2/a/b/tags/list";
const gone = { status: 404, codes: ["MANIFEST_UNKNOWN"] };

/** A handler whose repository holds the image under these tags. */
async function tagged(...names: string[]) {
  const handler = testHandler();
  await pushArtifact(handler.repository("a/b"), image, { tags: names.map(parseTag), expect: "any" });
  return handler;
}

const tags = (names: readonly string[], link?: string): Exchange[1] => ({
  status: 200,
  headers: { link },
  json: { name: "a/b", tags: names },
});

row(56, "tags come in the order of their bytes, whatever the locale", async () => {
  const names = ["10", "9", "A", "B", "Z", "_", "a", "a-b", "a.b", "a_b", "z"];
  await expectAnswer(await tagged(...names.toReversed()), `GET ${list}`, tags(names));
});

row(
  57,
  "fewer than n come only with a link, or when there are no more; a large n is cut, not refused",
  async () => {
    const many = Array.from({ length: 1001 }, (_, i) => `${i}`).toSorted();
    const handler = await tagged(...many);
    const cut = tags(many.slice(0, 1000), `<${list}?n=1000&last=${many[999]}>; rel="next"`);
    await expectAnswers(
      handler,
      [`GET ${list}`, cut],
      [`GET ${list}?n=5000`, cut],
      [`GET ${list}?n=1000&last=${many[999]}`, tags(many.slice(1000))],
      [`GET ${list}?n=5000&last=${many[999]}`, tags(many.slice(1000))],
    );
  },
);

row(58, "n=0 is an empty list without a link", async () => {
  await expectAnswers(
    await tagged("v1"),
    [`GET ${list}?n=0`, tags([])],
    ["GET /v2/_catalog?n=0", { status: 200, headers: { link: undefined }, json: { repositories: [] } }],
  );
});

row(59, "last is a value that need not exist and is not given again, with or without n", async () => {
  const handler = await tagged("a", "c", "e");
  await expectAnswers(
    handler,
    [`GET ${list}?last=a`, tags(["c", "e"])],
    [`GET ${list}?last=b`, tags(["c", "e"])],
    [`GET ${list}?n=1&last=d`, tags(["e"])],
    [`GET ${list}?last=e`, tags([])],
  );
  // A tag that went between two pages does not shift the second one.
  await expectAnswer(handler, "DELETE /v2/a/b/manifests/a", { status: 202 });
  await expectAnswer(handler, `GET ${list}?last=a`, tags(["c", "e"]));
});

row(60, "a Link is a path in angle brackets with rel next", async () => {
  await expectAnswers(
    await tagged("a", "b", "c"),
    [`GET ${list}?n=2`, tags(["a", "b"], `<${list}?n=2&last=b>; rel="next"`)],
    [`GET ${list}?n=2&last=b`, tags(["c"])],
  );
});

row(61, "no tags are an empty list, no repository is NAME_UNKNOWN", async () => {
  await expectAnswers(
    await tagged(),
    [`GET ${list}`, tags([])],
    ["GET /v2/none/tags/list", { status: 404, codes: ["NAME_UNKNOWN"] }],
  );
});

row(62, "DELETE of a tag takes the tag alone", async () => {
  await expectAnswers(
    await tagged("v1", "v2"),
    ["DELETE /v2/a/b/manifests/v1", { status: 202 }],
    ["GET /v2/a/b/manifests/v1", gone],
    ["DELETE /v2/a/b/manifests/v1", gone],
    ["GET /v2/a/b/manifests/v2", { status: 200 }],
    [`GET /v2/a/b/manifests/${digest}`, { status: 200, bytes: image.bytes }],
    [`GET ${list}`, tags(["v2"])],
  );
});

row(63, "DELETE of a digest takes the manifest and every tag that names it", async () => {
  await expectAnswers(
    await tagged("v1", "v2"),
    [`DELETE /v2/a/b/manifests/${digest}`, { status: 202 }],
    ["GET /v2/a/b/manifests/v1", gone],
    ["HEAD /v2/a/b/manifests/v2", { status: 404 }],
    [`GET /v2/a/b/manifests/${digest}`, gone],
    [`DELETE /v2/a/b/manifests/${digest}`, gone],
    [`GET ${list}`, tags([])],
  );
});

row(
  64,
  "where deletion is switched off, tags, manifests and blobs answer 405, and nothing is gone",
  async () => {
    const handler = testHandler(undefined, { rules: { refuseDeletes: true } });
    const repository = handler.repository("a/b");
    await pushArtifact(repository, image, { tags: [parseTag("v1")], expect: "any" });
    await pushContent(repository, blobOf("free"));
    const off = { status: 405, codes: ["UNSUPPORTED"], headers: { allow: "GET, HEAD" } };
    await expectAnswers(
      handler,
      ["DELETE /v2/a/b/manifests/v1", off],
      [`DELETE /v2/a/b/manifests/${digest}`, off],
      [`DELETE /v2/a/b/blobs/${blobOf("free").descriptor.digest}`, off],
      ["GET /v2/a/b/manifests/v1", { status: 200, bytes: image.bytes }],
    );
    // A client may still give up what it has begun.
    const location = (await handler.ask("POST /v2/a/b/blobs/uploads/")).headers.get("location");
    await expectAnswer(handler, `DELETE ${location}`, { status: 204 });
  },
);

row(65, "DELETE of a blob is 202, 404 when it is not there, and 409 while a manifest names it", async () => {
  const handler = await tagged();
  const path = `/v2/a/b/blobs/${blob.descriptor.digest}`;
  await expectAnswers(
    handler,
    [`DELETE ${path}`, { status: 409, codes: ["DENIED"] }],
    [`DELETE /v2/a/b/manifests/${digest}`, { status: 202 }],
    [`DELETE ${path}`, { status: 202 }],
    [`DELETE ${path}`, { status: 404, codes: ["BLOB_UNKNOWN"] }],
    [`GET ${path}`, { status: 404, codes: ["BLOB_UNKNOWN"] }],
  );
});

row(
  66,
  "an error is one of the fourteen codes, with a message, and detail where there is something to say",
  async () => {
    const codes = new Set(Object.keys(faults).map((fault) => faults[fault as Fault].code as string));
    expect([...codes].toSorted()).toEqual([
      ...["BLOB_UNKNOWN", "BLOB_UPLOAD_INVALID", "BLOB_UPLOAD_UNKNOWN", "DENIED", "DIGEST_INVALID"],
      ...["MANIFEST_BLOB_UNKNOWN", "MANIFEST_INVALID", "MANIFEST_UNKNOWN", "NAME_INVALID", "NAME_UNKNOWN"],
      ...["SIZE_INVALID", "TOOMANYREQUESTS", "UNAUTHORIZED", "UNSUPPORTED"],
    ]);
    const message = expect.stringMatching(/./);
    for (const [path, status, code, detail] of [
      ["/v2/A/tags/list", 400, "NAME_INVALID", { found: "A" }],
      ["/v2/a/manifests/-", 404, "MANIFEST_UNKNOWN", { found: "-" }],
      ["/v2/a/blobs/sha256:0", 400, "DIGEST_INVALID", { found: "sha256:0" }],
      ["/v2/a/tags/list", 404, "NAME_UNKNOWN", { name: "a" }],
      ["/v2/a/manifests/v1", 404, "MANIFEST_UNKNOWN", { name: "a", reference: "v1" }],
      [`/v2/a/blobs/${absentDigest()}`, 404, "BLOB_UNKNOWN", { name: "a", digest: absentDigest() }],
      ["/v2/a/blobs/uploads/x", 404, "BLOB_UPLOAD_UNKNOWN", { id: "x" }],
      ["/v2/a/tags/list?n=x", 400, "UNSUPPORTED", { n: "x" }],
    ] as const)
      await expectAnswer(testHandler(), `GET ${path}`, {
        status,
        headers: { "content-type": "application/json" },
        json: { errors: [{ code, message, detail }] },
      });
  },
);

row(67, "whoever is asked to wait is told how long, and nobody is asked to wait for ever", async () => {
  const ask = async () => errorAnswer(new ChartroomError("busy", "the queue is full"));
  await expectAnswer({ ask }, "PUT anything", {
    status: 503,
    headers: { "retry-after": "1" },
    codes: ["TOOMANYREQUESTS"],
  });
});

row(68, "a Warning would be 299 and undated: we send none", async () => {
  const handler = await tagged("v1");
  for (const path of ["/v2/", list, "/v2/a/b/manifests/v1", "/v2/none/tags/list"])
    expect((await handler.ask(`GET ${path}`)).headers.get("warning")).toBeNull();
});

const nobody = { realm: "house", authenticate: async () => false };
const challenged = {
  status: 401,
  codes: ["UNAUTHORIZED"],
  headers: { "www-authenticate": 'Basic realm="house", charset="UTF-8"' },
};

row(69, "/v2/ is 200, or 401 with a challenge; the last slash may be left out", async () => {
  for (const path of ["/v2/", "/v2"])
    await expectAnswers(
      testHandler(),
      [
        `GET ${path}`,
        { status: 200, headers: { "docker-distribution-api-version": "registry/2.0" }, json: {} },
      ],
      [`HEAD ${path}`, { status: 200 }],
    );
  for (const path of ["/v2/", "/v2"]) await expectAnswer(testHandler(nobody), `GET ${path}`, challenged);
});

clientRow(
  70,
  "a redirect to another host is followed without the login",
  "remote/hostile.test.ts",
  "that redirects blobs to another host sends no login there",
);

row(71, "ns of a client that takes us for a mirror is passed over, and not claimed to be used", async () => {
  const handler = await tagged("v1");
  for (const path of ["/v2/a/b/manifests/v1", `/v2/a/b/blobs/${blob.descriptor.digest}`])
    await expectAnswer(handler, `GET ${path}?ns=upstream.example`, {
      status: 200,
      headers: { "oci-namespace": undefined },
    });
});

row(72, "without a login it is 401 and a challenge, before anything is said of what there is", async () => {
  const handler = testHandler(nobody);
  const wrong = { headers: { authorization: `Basic ${btoa("me:wrong")}` } };
  for (const line of [
    "GET /v2/a/tags/list",
    `HEAD /v2/a/blobs/${digest}`,
    "PUT /v2/a/manifests/1",
    "GET /v2/_catalog",
  ])
    for (const carried of [{}, wrong]) {
      const { codes, ...headOnly } = challenged;
      await expectAnswer(handler, line, line.startsWith("HEAD") ? headOnly : challenged, carried);
    }
});

/** Send requests by hand, one after the other's answer began, on one connection, and give all that came back. */
async function byHand(url: string, ...requests: string[]): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  let text = "";
  for (const [i, request] of requests.entries()) {
    socket.write(request);
    if (i < requests.length - 1)
      text += await new Promise<string>((resolve) =>
        socket.once("data", (bytes) => resolve(bytes.toString("latin1"))),
      );
  }
  for await (const bytes of socket) text += (bytes as Buffer).toString("latin1");
  return text;
}

row(
  73,
  "100-continue, HTTP/1.0 and a HEAD on a connection that lives on leave the stream in order",
  async () => {
    await onTheWire(async ({ url, ask }) => {
      const { descriptor, bytes } = blobOf("hello");
      const post = `POST /v2/a/blobs/uploads/?digest=${descriptor.digest} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n`;
      const continued = await byHand(
        url,
        `${post}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
        "hello",
      );
      expect(continued).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 Created\r\n/);
      const path = `/v2/a/blobs/${descriptor.digest}`;
      await expectAnswer({ ask }, `GET ${path}`, { status: 200, bytes });

      const old = await byHand(url, `GET ${path} HTTP/1.0\r\n\r\n`);
      expect(old).toMatch(/^HTTP\/1\.[01] 200 OK\r\n/);
      expect(old).not.toMatch(/transfer-encoding/i);
      expect(old).toEndWith("\r\n\r\nhello");

      const both = await byHand(
        url,
        `HEAD ${path} HTTP/1.1\r\nHost: x\r\n\r\n`,
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      );
      const [, head = "", body = ""] = both.split("HTTP/1.1 200 OK\r\n");
      expect(head).toMatch(/content-length: 5\r\n/i);
      expect(head).toEndWith("\r\n\r\n");
      expect(body).toEndWith("\r\n\r\nhello");
    });
  },
);

row(74, "a path is percent-decoded once, and never twice", async () => {
  const handler = await tagged("v1");
  const colon = digest.replace(":", "%3A");
  await expectAnswers(
    handler,
    [`GET /v2/a/b/manifests/${colon}`, { status: 200, bytes: image.bytes }],
    ["GET /v2/a%2Fb/tags/list", tags(["v1"])],
    [`GET /v2/a/b/manifests/${digest.replace(":", "%253A")}`, { status: 404 }],
    ["GET /v2/a%252Fb/tags/list", { status: 400, codes: ["NAME_INVALID"] }],
    ["GET /v2/a%2F..%2Fb/tags/list", { status: 400, codes: ["NAME_INVALID"] }],
    ["GET /v2/%2e%2e%2f%2e%2e%2fetc/tags/list", { status: 400, codes: ["NAME_INVALID"] }],
    ["PUT /v2/a/b/manifests/%00", { status: 400 }],
    ["GET /v2/%ff/tags/list", { status: 400, codes: ["NAME_INVALID"] }],
    ["POST /v2/a/blobs/uploads/?mount=x%253Ay", { status: 400, codes: ["DIGEST_INVALID"] }],
  );
});
