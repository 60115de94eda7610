import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { forwardedOf } from "./forwarded.ts";
import { Front, type FrontOptions } from "./front.ts";

const plain: FrontOptions = { base: undefined, absolute: false, headers: [], trusted: [] };
const trusting = { ...plain, trusted: ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "unix"] };

describe("the client's address", () => {
  test.each([
    [
      "nobody is believed unless he is trusted",
      plain,
      "198.51.100.9",
      { "x-forwarded-for": "1.2.3.4" },
      "198.51.100.9",
    ],
    ["not even loopback", plain, "127.0.0.1", { "x-forwarded-for": "1.2.3.4" }, "127.0.0.1"],
    ["nor a socket", plain, undefined, { "x-forwarded-for": "1.2.3.4" }, undefined],
    ["a trusted proxy is", trusting, "10.1.2.3", { "x-forwarded-for": "1.2.3.4" }, "1.2.3.4"],
    ["by its address alone", trusting, "192.0.2.7", { "x-forwarded-for": "1.2.3.4" }, "1.2.3.4"],
    [
      "also where the socket is for both families",
      trusting,
      "::ffff:10.1.2.3",
      { "x-forwarded-for": "1.2.3.4" },
      "1.2.3.4",
    ],
    ["also over IPv6", trusting, "2001:db8::1", { "x-forwarded-for": "1.2.3.4" }, "1.2.3.4"],
    [
      "also through a socket, where that is listed",
      trusting,
      undefined,
      { "x-forwarded-for": "1.2.3.4" },
      "1.2.3.4",
    ],
    ["a neighbour of it is not", trusting, "192.0.2.8", { "x-forwarded-for": "1.2.3.4" }, "192.0.2.8"],
    [
      "what a client says of itself counts for nothing",
      trusting,
      "10.1.1.1",
      { "x-forwarded-for": "6.6.6.6, 1.2.3.4, 10.2.2.2" },
      "1.2.3.4",
    ],
    [
      "a chain of trusted ones ends with the first",
      trusting,
      "10.1.1.1",
      { "x-forwarded-for": "10.3.3.3, 10.2.2.2" },
      "10.3.3.3",
    ],
    ["X-Real-IP, where there is no chain", trusting, "10.1.1.1", { "x-real-ip": "1.2.3.4" }, "1.2.3.4"],
    ["a port is no part of it", trusting, "10.1.1.1", { "x-forwarded-for": "1.2.3.4:5678" }, "1.2.3.4"],
    [
      "Forwarded, where there is no X-Forwarded-For",
      trusting,
      "10.1.1.1",
      { forwarded: 'for=6.6.6.6, For="[2001:db9::17]:4711";proto=http' },
      "2001:db9::17",
    ],
    [
      "X-Forwarded-For, where a proxy that writes it passes the client's own Forwarded on",
      trusting,
      "10.1.1.1",
      { forwarded: "for=6.6.6.6", "x-forwarded-for": "1.2.3.4", "x-real-ip": "6.6.6.6" },
      "1.2.3.4",
    ],
    ["a proxy that hides its client", trusting, "10.1.1.1", { forwarded: "for=_hidden" }, "_hidden"],
    [
      "a proxy that names nobody",
      trusting,
      "10.1.1.1",
      { forwarded: "for=6.6.6.6, proto=https" },
      "10.1.1.1",
    ],
    ["nothing said", trusting, "10.1.1.1", {}, "10.1.1.1"],
  ] as const)("%s", (_, options, peer, headers, client) => {
    expect(new Front(options).client(new Headers(headers), { address: peer })).toBe(client);
  });
});

describe("Location and Link", () => {
  const dressed = (options: FrontOptions, peer: string, headers: Record<string, string>, scheme = "http") => {
    const answer = new Headers({
      location: "/team/v2/a/blobs/x",
      link: '</team/v2/_catalog?n=1&last=a>; rel="next"',
    });
    new Front(options).dress(answer, new Request(`${scheme}://registry/v2/`, { headers }), { address: peer });
    return [answer.get("location"), answer.get("link")];
  };
  const whole = { ...trusting, absolute: true };
  const at = (origin: string) => [
    `${origin}/team/v2/a/blobs/x`,
    `<${origin}/team/v2/_catalog?n=1&last=a>; rel="next"`,
  ];

  test.each([
    ["are paths", plain, "10.1.1.1", { host: "a.example" }, ""],
    [
      "are paths, whatever a trusted proxy says",
      trusting,
      "10.1.1.1",
      { "x-forwarded-host": "b.example" },
      "",
    ],
    [
      "are whole where that is asked for",
      whole,
      "198.51.100.9",
      { host: "a.example:5000" },
      "http://a.example:5000",
    ],
    [
      "never lead where a stranger says",
      whole,
      "198.51.100.9",
      {
        host: "a.example",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "https",
        forwarded: "host=evil.example",
      },
      "http://a.example",
    ],
    [
      "lead where a trusted proxy says",
      whole,
      "10.1.1.1",
      { host: "inner", "x-forwarded-host": "b.example, c", "x-forwarded-proto": "https" },
      "https://b.example",
    ],
    [
      "lead where Forwarded says",
      whole,
      "10.1.1.1",
      { host: "inner", forwarded: 'for=1.2.3.4;host="b.example:8443";proto=HTTPS' },
      "https://b.example:8443",
    ],
    [
      "lead where the proxy says, not where the client's own Forwarded does",
      whole,
      "10.1.1.1",
      { "x-forwarded-host": "b.example", "x-forwarded-proto": "https", forwarded: "host=evil.example" },
      "https://b.example",
    ],
    [
      "lead where the configuration says, before all",
      { ...whole, base: "https://c.example/hub" },
      "10.1.1.1",
      { "x-forwarded-host": "b.example" },
      "https://c.example/hub",
    ],
    ["stay paths when the host is none", whole, "198.51.100.9", { host: "a b" }, ""],
    ["stay paths when it would be another URL", whole, "198.51.100.9", { host: "user@evil.example" }, ""],
    [
      "know no scheme but two",
      whole,
      "10.1.1.1",
      { host: "a.example", "x-forwarded-proto": "javascript" },
      "http://a.example",
    ],
  ] as const)("%s", (_, options, peer, headers, origin) => {
    expect(dressed(options, peer, headers)).toEqual(at(origin));
  });

  test("begin with https where the connection does", () => {
    expect(dressed(whole, "198.51.100.9", { host: "a.example" }, "https")).toEqual(at("https://a.example"));
  });

  test("are never anything but a path or a URL of a host, whatever is sent", () => {
    const text = fc.stringMatching(/^[\x20-\x7e]*$/);
    fc.assert(
      fc.property(text, text, (host, forwarded) => {
        const headers = new Headers();
        headers.set("x-forwarded-host", host);
        if (forwarded !== "") headers.set("forwarded", forwarded);
        const request = new Request("http://registry/v2/", { headers });
        const answer = new Headers({ location: "/v2/a" });
        new Front(whole).dress(answer, request, { address: "10.1.1.1" });
        expect(answer.get("location")).toMatch(/^(https?:\/\/[A-Za-z0-9.:[\]-]+)?\/v2\/a$/);
      }),
    );
  });
});

test("headers of the configuration are sent, but for those that the answer has itself", () => {
  const front = new Front({
    ...plain,
    headers: [
      ["X-A", "1"],
      ["X-A", "2"],
      ["Content-Type", "text/html"],
    ],
  });
  const answer = new Headers({ "content-type": "application/json" });
  front.dress(answer, new Request("http://registry/v2/"), { address: undefined });
  expect([...answer]).toEqual([
    ["content-type", "application/json"],
    ["x-a", "1, 2"],
  ]);
});

test("parameters of Forwarded are read in any case, quoted or not; nonsense is nobody", () => {
  const read = (text: string) => forwardedOf(new Headers({ forwarded: text }));
  expect(read('For="[2001:db8:cafe::17]:47011"')).toMatchObject({ clients: ["2001:db8:cafe::17"] });
  expect(read("for=192.0.2.60;proto=http;by=203.0.113.43")).toEqual({
    clients: ["192.0.2.60"],
    scheme: "http",
    host: undefined,
  });
  expect(read('host="a\\"b"').host).toBe('a"b');
  expect(read(";;=").clients).toEqual([""]);
});
