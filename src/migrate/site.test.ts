import { afterEach, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { Transport } from "../http/transport.ts";
import { repositoryOf } from "../oci/reference.ts";
import type { Reads } from "../oci/repository.ts";
import { failureOf } from "../testing/errors.ts";
import { indexOf, rowOf } from "../testing/migrate.ts";
import { testProxy } from "../testing/proxy.ts";
import { socketServer } from "../testing/sockets.ts";
import { noise } from "../testing/streams.ts";
import { basic, Site, type SiteOptions } from "./site.ts";
import { parseSite } from "./urls.ts";

const nothing: Reads = {
  resolve: async () => undefined,
  manifest: async () => undefined,
  blob: () => Promise.reject(new Error("unasked")),
  async *tags() {},
  async *referrers() {},
};

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

type Answers = (request: Request, url: URL) => Response | Promise<Response>;
/** A server that is stopped with the test; gives its URL, and what it was asked: path, and who is said to ask. */
function serve(answers: Answers): { url: string; port: number; asked: string[] } {
  const asked: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const url = new URL(request.url);
      asked.push([url.pathname + url.search, request.headers.get("authorization")].filter(Boolean).join(" "));
      return answers(request, url);
    },
  });
  closing.push(() => server.stop(true));
  return { url: `http://127.0.0.1:${server.port}/`, port: server.port ?? 0, asked };
}

const site = (url: string, options: Partial<SiteOptions> = {}) =>
  new Site(parseSite(url), {
    transport: new Transport({ userAgent: "test", sleep: async () => {} }),
    ...options,
  });
const namesOf = async (from: Site, known?: { etag?: string; lastModified?: string }) => {
  const index = await from.index(known);
  if (index === undefined) return "unchanged";
  return (await Array.fromAsync(index.entries)).map((each) => ("row" in each ? each.row.name : each.error));
};
const text = indexOf([rowOf("a", "1.0.0")]);
const place = (from: Site, url: string) => from.places(rowOf("a", "1.0.0", { urls: [url] }))[0]!;

describe("the index of a site", () => {
  test("is asked for with the site's query, packed, and under the conditions of what is known", async () => {
    const { url, asked } = serve((request) =>
      request.headers.get("if-none-match") === '"1"'
        ? new Response(null, { status: 304 })
        : new Response(gzipSync(text), { headers: { "content-encoding": "gzip", etag: '"1"' } }),
    );
    const from = site(`${url}charts?key=1`);
    expect(await namesOf(from)).toEqual(["a"]);
    expect((await from.index())?.version).toEqual({ etag: '"1"' });
    expect(await namesOf(from, { etag: '"0"' })).toEqual(["a"]);
    expect(await namesOf(from, { etag: '"1"' })).toBe("unchanged");
    expect(asked.at(-1)).toBe("/charts/index.yaml?key=1");
  });

  test("is read as it is where its coding is none", async () => {
    for (const coding of ["", "utf-8", "aws-chunked", "identity"]) {
      const { url } = serve(() => new Response(text, { headers: { "content-encoding": coding } }));
      expect(await namesOf(site(url))).toEqual(["a"]);
    }
  });

  test("that is no gzip, or ends too early, and is labelled so, is told", async () => {
    for (const body of [text, gzipSync(text).subarray(0, -20)]) {
      const { url } = serve(() => new Response(body, { headers: { "content-encoding": "gzip" } }));
      expect(await failureOf(namesOf(site(url)))).toMatchObject({ code: "remote", reason: "garbage" });
    }
  });

  test("that is not there, or a page for people, is told", async () => {
    const { url } = serve((_request, { pathname }) =>
      pathname.startsWith("/page/") ? new Response("<!DOCTYPE html>") : new Response(null, { status: 404 }),
    );
    expect(await failureOf(namesOf(site(url)))).toMatchObject({ code: "not_found" });
    expect(await failureOf(namesOf(site(`${url}page`)))).toMatchObject({
      code: "invalid",
      message: expect.stringContaining("web page"),
    });
  });
});

describe("a site's login", () => {
  const authorization = basic("me", "secret");
  test("goes to the site's own server alone", async () => {
    const other = serve(() => new Response("other"));
    const own = serve((_request, { pathname }) =>
      pathname === "/away.tgz" ? Response.redirect(`${other.url}redirected.tgz`) : new Response("own"),
    );
    const from = site(own.url, { authorization });
    await place(from, "own.tgz").archive();
    await place(from, "away.tgz").archive();
    await place(from, `${other.url}named.tgz`).archive();
    await place(from, `http://you:word@127.0.0.1:${other.port}/theirs.tgz`).archive();
    expect(own.asked).toEqual([`/own.tgz ${authorization}`, `/away.tgz ${authorization}`]);
    expect(other.asked).toEqual(["/redirected.tgz", "/named.tgz", `/theirs.tgz ${basic("you", "word")}`]);
  });
});

describe("an archive", () => {
  test("has its provenance beside its path, in front of the query", async () => {
    const { url, asked } = serve((_request, { pathname }) => {
      if (pathname === "/gone.tgz.prov") return new Response(null, { status: 403 });
      return pathname === "/broken.tgz.prov" ? new Response(null, { status: 500 }) : new Response("signed");
    });
    const from = site(`${url}?key=1`);
    expect(await place(from, "a.tgz?v=2").provenance()).toEqual(new TextEncoder().encode("signed"));
    expect(asked).toEqual(["/a.tgz.prov?key=1&v=2"]);
    expect(await place(from, "gone.tgz").provenance()).toBeUndefined();
    expect(await failureOf(place(from, "broken.tgz").provenance())).toMatchObject({ code: "remote" });
  });

  const big = noise(300_000);
  /** Gives the first third, and breaks off; then the rest, when that is asked for. */
  const breaking = async (etagOf: (count: number) => string) => {
    const server = await socketServer((socket, count) => {
      const head = server.heads.at(-1) ?? "";
      const etag = etagOf(count);
      const from = head.includes(`if-range: ${etag}`) ? Number(/bytes=(\d+)-/i.exec(head)?.[1]) : 0;
      const status =
        from > 0
          ? `206 Partial\r\nContent-Range: bytes ${from}-${big.byteLength - 1}/${big.byteLength}`
          : "200 OK";
      socket.write(`HTTP/1.1 ${status}\r\nETag: ${etag}\r\nContent-Length: ${big.byteLength - from}\r\n\r\n`);
      socket.write(Buffer.from(big.subarray(from, count === 1 ? 100_000 : undefined)));
      // Bytes that come with the end of their connection are lost with it, in Bun.
      setTimeout(() => socket.end(), 20);
    });
    closing.push(server.stop);
    return { url: `http://127.0.0.1:${server.port}/`, heads: server.heads };
  };

  test("that breaks off is gone on with by range", async () => {
    const { url, heads } = await breaking(() => '"same"');
    const asked: number[] = [];
    const admit = async (size: number) => void asked.push(size);
    expect(await place(site(url), "a.tgz").archive(admit)).toEqual(big);
    expect(asked.at(-1)).toBe(big.byteLength);
    expect(heads.map((head) => /range: bytes=\d+-/i.test(head))).toEqual([false, true]);
  });

  test("that is another one by now, or has no tag to be known by, is fetched anew", async () => {
    for (const etagOf of [(count: number) => `"${count}"`, () => 'W/"weak"']) {
      const { url, heads } = await breaking(etagOf);
      expect(await place(site(url), "a.tgz").archive()).toEqual(big);
      expect(heads).toHaveLength(2);
    }
  });

  test("without an end is given up", async () => {
    const chunk = new Uint8Array(4 * 1024 * 1024);
    const endless = () =>
      new Response(new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(chunk) }));
    const { url } = serve(endless);
    expect(await failureOf(place(site(url), "a.tgz").archive())).toMatchObject({
      reason: "too-long",
      message: expect.stringContaining("longer than 134217728 bytes"),
    });
    expect(await failureOf(place(site(url), "a.tgz").provenance())).toMatchObject({ reason: "too-long" });
  });

  test("of a site outside is fetched from no address inside, even by redirect, unless the user names it", async () => {
    const inside = serve(() => new Response("inside"));
    const outside = serve(() => Response.redirect(`${inside.url}secret`));
    const proxy = await testProxy(outside.port);
    closing.push(() => proxy.stop());
    const before = process.env.HTTP_PROXY;
    process.env.HTTP_PROXY = proxy.url;
    closing.push(() => {
      if (before === undefined) delete process.env.HTTP_PROXY;
      else process.env.HTTP_PROXY = before;
    });
    const from = site("http://charts.example.com/");
    const refused = { message: expect.stringContaining("127.0.0.1 is inside of a network") };
    expect(await failureOf(place(from, `${inside.url}secret`).archive())).toMatchObject(refused);
    expect(await failureOf(place(from, "a.tgz").archive())).toMatchObject({ reason: "redirect", ...refused });
    expect(inside.asked).toEqual([]);
    const base = site("http://charts.example.com/", { base: new URL(inside.url) });
    expect(await place(base, "a.tgz").archive()).toEqual(new TextEncoder().encode("inside"));
  });
});

test("a registry that a site outside names is reached by a way that no redirect leads inside", async () => {
  const inside = serve(() => new Response("inside"));
  const outside = serve(() => Response.redirect(`${inside.url}secret`));
  const named: string[] = [];
  const from = site("http://charts.example.com/", {
    registry: (reference, transport) => {
      named.push(repositoryOf(reference));
      const manifest = async () => {
        await transport.send({ method: "GET", url: new URL(outside.url) });
        return undefined;
      };
      return { ...nothing, manifest };
    },
  });
  const [first, second] = ["oci://r.example.com/a", "oci://r.example.com/a:2.0.0"].map((url) =>
    place(from, url),
  );
  expect([first?.shown, second?.shown]).toEqual([
    "oci://r.example.com/a:1.0.0",
    "oci://r.example.com/a:2.0.0",
  ]);
  expect(named).toEqual(["r.example.com/a"]);
  expect(await failureOf(first!.archive())).toMatchObject({ reason: "redirect" });
  expect(inside.asked).toEqual([]);
  expect(await failureOf(place(from, "oci://r.example.com/A").archive())).toMatchObject({ code: "invalid" });
  expect(await failureOf(place(site("http://e.com"), "oci://r.example.com/a").archive())).toMatchObject({
    message: "Cannot fetch oci://r.example.com/a: it is in a registry",
  });
});

test("a login in an index's URL that is badly encoded is refused", async () => {
  const { url, asked } = serve(() => new Response("own"));
  const bad = place(site(url), url.replace("//", "//a%zz@"));
  expect(await failureOf(bad.archive())).toMatchObject({ code: "invalid" });
  expect(asked).toEqual([]);
});

describe("an index that is meant to do harm", () => {
  const head = "apiVersion: v1\nentries:\n";
  const many = (count: number, line: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => line(i)).join("");
  const packed = (plain: string | Uint8Array, coding = "gzip") =>
    new Response(gzipSync(plain, { level: 6 }), { headers: { "content-encoding": coding } });
  const rows: [what: string, answer: () => Response, why: string, chart?: string][] = [
    [
      "unpacks to one endless line",
      () => packed(new Uint8Array(8 << 20)),
      "line 1: it has more than 4194304 characters",
    ],
    [
      "unpacks to endless lines",
      () => packed(head + `#${" ".repeat(1022)}\n`.repeat(20_000)),
      "it is more than 200 times as long as it came",
    ],
    ["is coded as nobody asked", () => packed(text, "zstd"), "it is coded as zstd, and gzip was asked for"],
    [
      "has charts without an end",
      () => new Response(head + many(100_001, (i) => `  a${i}:\n`)),
      "it has more than 100000 charts",
    ],
    [
      "is nested without an end",
      () => new Response(`{"entries":{"a":${"[".repeat(2000)}`),
      "line 1: it is nested more than 1000 deep",
    ],
    [
      "has versions without an end",
      () => new Response(`{"apiVersion":"v1","entries":{"a":[${"{},".repeat(300_001)}{}]}}`),
      "it has more than 300000 versions",
      "another",
    ],
    [
      "has an entry without an end",
      () => new Response(`${head}  a:\n  - name: a\n${`    b: ${"c".repeat(1 << 16)}\n`.repeat(65)}`),
      "an entry has more than 4194304 characters",
    ],
  ];
  test.each(rows)("and %s is refused", async (...[, answer, why, chart]) => {
    const { url } = serve(answer);
    const read = async () => Array.fromAsync((await site(url).index({}, { chart }))!.entries);
    expect(await failureOf(read())).toMatchObject({ message: expect.stringContaining(why) });
  });

  test("and multiplies by aliases or by depth loses that entry alone", async () => {
    const nested = `${"[".repeat(5_000)}${"]".repeat(5_000)}`;
    const aliases = `    keywords: [&a [x,x,x,x,x,x,x,x,x,x], &b [${"*a,".repeat(10)}], &c [${"*b,".repeat(10)}], &d [${"*c,".repeat(10)}]]\n`;
    const good = "    version: 1.0.0\n    urls: [a.tgz]\n";
    const { url } = serve(
      () =>
        new Response(
          `${head}  a:\n  - name: a\n    urls: ${nested}\n  b:\n  - name: b\n${good}${aliases.replace("keywords", "urls")}  c:\n  - name: c\n${good}`,
        ),
    );
    const read = await Array.fromAsync((await site(url).index())!.entries);
    expect(read.map((each) => ("row" in each ? each.row.name : each.error.code))).toEqual([
      "invalid",
      "invalid",
      "c",
    ]);
  });
});
