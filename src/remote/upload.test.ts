import { afterEach, describe, expect, test } from "bun:test";
import { HttpError } from "../http/errors.ts";
import { ChartroomError } from "../oci/errors.ts";
import { parseRegistryHost } from "../oci/reference.ts";
import { blobOf, pushContent } from "../testing/artifacts.ts";
import { codeOf } from "../testing/errors.ts";
import { refuse, type Spoil, type TestRegistry, testRegistry } from "../testing/registry.ts";
import { remoteOf } from "../testing/remote.ts";
import { type SocketServer, socketServer } from "../testing/sockets.ts";
import { noise, streamOf } from "../testing/streams.ts";

describe("a blob on its way up", () => {
  const blob = blobOf(noise(300_000));
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  const registry = (spoil?: Spoil): TestRegistry => {
    const made = testRegistry(spoil);
    closing.push(made.stop);
    return made;
  };
  const methods = ({ requests }: TestRegistry) => requests.map((request) => request.split(" ")[0]).join(" ");
  /** Push it and say from where each body was asked for. */
  const push = async (made: Pick<TestRegistry, "host">, transport = {}): Promise<number[]> => {
    const asked: number[] = [];
    await remoteOf(made, { transport }).pushBlob(blob.descriptor, async (from) => {
      asked.push(from);
      return streamOf(blob.bytes.subarray(from));
    });
    return asked;
  };

  test("takes one POST and one PUT", async () => {
    const made = registry();
    expect(await push(made)).toEqual([0]);
    expect(methods(made)).toBe("POST PUT");
    expect(made.requests[1]).toContain("?_state=a%2Bb+c&digest=sha256%3A");
    expect(await made.repository.has(blob.descriptor)).toBe(true);
  });

  describe("that is small", () => {
    const small = blobOf(noise(1000));
    const wholePosts =
      (answer: () => Response): Spoil =>
      async (request, { searchParams }) =>
        request.method === "POST" && searchParams.has("digest") ? answer() : undefined;
    const pushSmall = async (made: TestRegistry) => {
      await remoteOf(made).pushBlob(small.descriptor, async (from) => streamOf(small.bytes.subarray(from)));
      return methods(made);
    };

    test("goes whole with the POST, where the registry takes it so", async () => {
      let sent: Uint8Array | undefined;
      const made = registry(async (request, { searchParams }) => {
        if (request.method !== "POST" || searchParams.get("digest") !== small.descriptor.digest)
          return undefined;
        sent = await request.bytes();
        return new Response(null, { status: 201 });
      });
      expect(await pushSmall(made)).toBe("POST");
      expect(sent).toEqual(small.bytes);
    });

    test("goes by the session that the registry opens instead", async () => {
      const made = registry();
      expect(await pushSmall(made)).toBe("POST PUT");
      expect(await made.repository.has(small.descriptor)).toBe(true);
    });

    test.each([400, 404, 405, 411, 413, 501])(
      "goes by a session of its own when that is answered with %p",
      async (status) => {
        const made = registry(wholePosts(() => refuse(status, "UNSUPPORTED")));
        expect(await pushSmall(made)).toBe("POST POST PUT");
        expect(await made.repository.has(small.descriptor)).toBe(true);
      },
    );

    test("is not sent when its bytes are wrong", async () => {
      const made = registry();
      const wrong = remoteOf(made).pushBlob(small.descriptor, async () => streamOf(new Uint8Array(1000)));
      expect(await codeOf(wrong)).toBe("not_verified");
      expect(methods(made)).toBe("");
    });
  });

  test("goes on where the registry says that it broke", async () => {
    // A front door that cuts the first PUT after 100,000 bytes and speaks for the registry when asked how far it got.
    let answers = "";
    const front: SocketServer = await socketServer((socket, count, rest) => {
      const head = front.heads.at(-1) ?? "";
      answers += `${head.split(" ", 1)[0]} `;
      if (count === 1)
        socket.write("HTTP/1.1 202 Accepted\r\nLocation: /up/1?_state=x\r\nContent-Length: 0\r\n\r\n");
      else if (count === 2) socket.destroy();
      else if (head.startsWith("HEAD")) socket.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
      else if (head.startsWith("GET"))
        socket.write("HTTP/1.1 204 No Content\r\nLocation: /up/1?_state=y\r\nRange: 0-99999\r\n\r\n");
      else {
        let size = 0;
        const take = (bytes: Buffer) => {
          size += bytes.length;
          if (size >= 200_000) socket.end("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
        };
        take(rest);
        socket.removeAllListeners("data").on("data", take);
      }
    });
    closing.push(front.stop);
    expect(await push({ host: parseRegistryHost(`127.0.0.1:${front.port}`) })).toEqual([0, 100_000]);
    expect(answers).toBe("POST PUT HEAD GET PUT ");
    expect(front.heads.at(-1)).toContain("/up/1?_state=y&digest=");
    expect(front.heads.at(-1)?.toLowerCase()).toContain("content-range: 100000-299999");
    expect(front.heads.at(-1)?.toLowerCase()).toContain("content-length: 200000");
  });

  test("begins anew when the session is gone", async () => {
    let broken = false;
    const made = registry((request) => {
      if (request.method !== "PUT" || broken) return undefined;
      broken = true;
      return refuse(404, "BLOB_UPLOAD_UNKNOWN");
    });
    expect(await push(made)).toEqual([0, 0]);
    expect(methods(made)).toBe("POST PUT HEAD POST PUT");
  });

  test("is there when only the answer was lost", async () => {
    const made = registry(async (request) => {
      if (request.method !== "PUT") return undefined;
      await made.repository.pushBlob(blob.descriptor, async () => streamOf(await request.bytes()));
      return new Response(null, { status: 502 });
    });
    expect(await push(made)).toEqual([0]);
    expect(methods(made)).toBe("POST PUT HEAD");
  });

  test("is given up when the registry fails again and again", async () => {
    const made = registry((request) =>
      request.method === "PUT" ? new Response(null, { status: 503 }) : undefined,
    );
    expect(await codeOf(push(made))).toBe("busy");
    expect(made.requests.filter((request) => request.startsWith("PUT"))).toHaveLength(8);
  });

  test("is not tried again when its own bytes are wrong, and the session is closed", async () => {
    const made = registry();
    const pushed = remoteOf(made).pushBlob(blob.descriptor, async () => streamOf(noise(300_000, 7)));
    expect(await codeOf(pushed)).toBe("not_verified");
    expect(methods(made)).toBe("POST PUT DELETE");
  });

  test("brought in pieces that do not fit is brought once more in one", async () => {
    let puts = 0;
    const made = registry((request) => {
      if (request.method === "GET") return new Response(null, { status: 204, headers: { range: "0-9" } });
      if (request.method !== "PUT" || ++puts > 2) return undefined;
      return puts === 1 ? new Response(null, { status: 500 }) : refuse(400, "DIGEST_INVALID");
    });
    expect(await push(made)).toEqual([0, 10, 0]);
    expect(await made.repository.has(blob.descriptor)).toBe(true);
  });

  test("goes to another host without the login", async () => {
    const headers: Headers[] = [];
    const store = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request) => {
        headers.push(request.headers);
        await request.bytes();
        return new Response(null, { status: 201 });
      },
    });
    closing.push(() => store.stop(true));
    const made = registry((request) => {
      if (request.headers.get("authorization") === null)
        return refuse(401, "UNAUTHORIZED", "", { "www-authenticate": "Basic realm=r" });
      return new Response(null, {
        status: 202,
        headers: { location: `http://localhost:${store.port}/put?sig=1` },
      });
    });
    const credentials = async () => ({ username: "me", password: "secret", source: "a test" });
    await pushContent(remoteOf(made, { credentials }), blob);
    expect(headers).toHaveLength(1);
    expect(headers[0]?.has("authorization")).toBe(false);
  });

  test("goes on where the registry has got to, when that is elsewhere than it last said", async () => {
    const answers = [
      new Response(null, { status: 502 }),
      refuse(416, "BLOB_UPLOAD_INVALID", "", { range: "0-199999" }),
      new Response(null, { status: 201 }),
    ];
    let offset = 100_000;
    const made = registry((request) => {
      if (request.method === "GET") {
        const range = `0-${offset - 1}`;
        offset = 200_000;
        return new Response(null, { status: 204, headers: { range } });
      }
      return request.method === "PUT" ? answers.shift() : undefined;
    });
    expect(await push(made)).toEqual([0, 100_000, 200_000]);
    expect(methods(made)).toBe("POST PUT HEAD GET PUT HEAD GET PUT");
  });

  test("is not given up as long as some bytes move between one fault and the next", async () => {
    let offset = 0;
    const made = registry((request) => {
      if (request.method === "GET") {
        offset += 20_000;
        return new Response(null, { status: 204, headers: { range: `0-${offset - 1}` } });
      }
      if (request.method !== "PUT") return undefined;
      return new Response(null, { status: offset < 260_000 ? 502 : 201 });
    });
    expect(await push(made)).toEqual(Array.from({ length: 14 }, (_, i) => i * 20_000));
  });

  test("that is refused leaves its session", async () => {
    const made = registry((request) => (request.method === "PUT" ? refuse(403, "DENIED") : undefined));
    expect(await codeOf(push(made))).toBe("not_allowed");
    expect(methods(made)).toBe("POST PUT");
  });

  test("begins anew when another client has taken its session", async () => {
    let taken = false;
    const made = registry((request) => {
      if (request.method !== "PUT" || taken) return undefined;
      taken = true;
      return refuse(409, "BLOB_UPLOAD_INVALID");
    });
    expect(await push(made)).toEqual([0, 0]);
    expect(methods(made)).toBe("POST PUT HEAD POST PUT");
  });

  test("waits for a registry that is away for a moment", async () => {
    const made = registry((request) =>
      request.method === "PUT" ? new Response(null, { status: 503 }) : undefined,
    );
    const { port } = new URL(made.origin);
    let back: Bun.Server<undefined> | undefined;
    closing.push(() => back?.stop(true));
    let waits = 0;
    // Stopped at the first wait, back at the third.
    const sleep = async () => {
      waits++;
      if (waits === 1) await made.stop();
      if (waits !== 3) return;
      back = Bun.serve({
        port,
        hostname: "127.0.0.1",
        fetch: async (request) => {
          await request.bytes();
          const status = { POST: 202, PUT: 201 }[request.method] ?? 404;
          return new Response(null, { status, headers: { location: "/again" } });
        },
      });
    };
    expect(await push(made, { sleep })).toEqual([0, 0]);
  });

  test("whose own source fails is not tried again, whatever it failed with", async () => {
    const made = registry();
    const fault = new HttpError("dropped", "the source's connection was closed");
    const pushed = remoteOf(made).pushBlob(blob.descriptor, async () =>
      streamOf(blob.bytes.subarray(0, 100_000), { fail: fault }),
    );
    await expect(pushed).rejects.toBe(fault);
    expect(methods(made)).toBe("POST PUT");
  });

  test("stops when the user does", async () => {
    const controller = new AbortController();
    const made = registry((request) => {
      if (request.method === "PUT") controller.abort();
      return undefined;
    });
    const error = await push(made, { signal: controller.signal }).catch((thrown: unknown) => thrown);
    expect(error).not.toBeInstanceOf(ChartroomError);
    expect(error).toMatchObject({ name: "AbortError" });
    expect(await made.repository.has(blob.descriptor)).toBe(false);
  });
});
