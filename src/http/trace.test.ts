import { expect, test } from "bun:test";
import fc from "fast-check";
import { redactHeader, redactUrls, traceMessage } from "./trace.ts";

test.each([
  ["Authorization", "Basic dXNlcjpwYXNz", "Basic REDACTED"],
  ["authorization", "Bearer eyJhbGciOi", "Bearer REDACTED"],
  ["Proxy-Authorization", "dXNlcjpwYXNz", "REDACTED"],
  ["Cookie", "session=1", "REDACTED"],
  ["Set-Cookie", "session=1; Path=/", "REDACTED"],
  ["X-Auth-Token", "abc", "REDACTED"],
  ["Content-Type", "text/plain", "text/plain"],
  ["WWW-Authenticate", 'Basic realm="r"', 'Basic realm="r"'],
  [
    "Location",
    "/v2/a/blobs/uploads/1?_state=secret&digest=sha256:00",
    "/v2/a/blobs/uploads/1?_state=REDACTED&digest=sha256:00",
  ],
  ["Location", "https://s3.example/x?X-Amz-Signature=abc", "https://s3.example/x?X-Amz-Signature=REDACTED"],
  ["Link", '</v2/a/tags/list?n=2&last=b>; rel="next"', '</v2/a/tags/list?n=2&last=b>; rel="next"'],
])("%s: %s", (name, value, shown) => {
  expect(redactHeader(name, value)).toBe(`${name}: ${shown}`);
});

test("a login in a URL is not shown", () => {
  expect(redactUrls("GET https://user:pass@example.com/v2/?n=1")).toBe(
    "GET https://REDACTED@example.com/v2/?n=1",
  );
});

test("no value of an unknown parameter is ever shown", () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9._~%+/-]{8,40}$/).map((text) => `~${text}~`);
  fc.assert(
    fc.property(fc.stringMatching(/^x[a-z_-]{0,10}$/), secret, (name, value) => {
      expect(redactUrls(`https://h/p?n=1&${name}=${value}&last=a`)).not.toContain(value);
    }),
  );
});

test("a message is its first line and its headers, each marked", () => {
  const lines: string[] = [];
  traceMessage(
    (line) => lines.push(line),
    ">",
    "GET http://h/?token=x",
    new Headers({ cookie: "a=b", accept: "*/*" }),
  );
  expect(lines).toEqual(["> GET http://h/?token=REDACTED", "> accept: */*", "> cookie: REDACTED"]);
});
