import { describe, expect, test } from "bun:test";
import { codeOf } from "../testing/errors.ts";
import { archiveUrl, parseSite, type Rewriting, refusal } from "./urls.ts";

describe("a repository's URL", () => {
  test.each([
    ["http://example.com", "http://example.com/"],
    ["https://example.com/charts/", "https://example.com/charts/"],
    ["https://example.com/charts?key=1#x", "https://example.com/charts/?key=1"],
    ["https://example.com/charts/index.yaml?key=1", "https://example.com/charts/?key=1"],
    ["https://example.com/myindex.yaml", "https://example.com/myindex.yaml/"],
  ])("%s is %s", (text, url) => expect(parseSite(text).href).toBe(url));

  test.each(["https://user:secret@example.com/", "ftp://example.com/", "charts"])(
    "%s is refused",
    async (text) => expect(await codeOf(() => parseSite(text))).toBe("usage"),
  );
});

describe("a row's URL", () => {
  const lead = (site: string, text: string, rewriting: Rewriting = {}) => {
    const url = archiveUrl(parseSite(site), text, rewriting);
    return typeof url === "string" ? url : url.href;
  };
  test.each([
    ["https://e.com/c", "a-1.tgz", "https://e.com/c/a-1.tgz"],
    ["https://e.com/c", "charts/a%20b-1.tgz", "https://e.com/c/charts/a%20b-1.tgz"],
    ["https://e.com/c", "/a-1.tgz", "https://e.com/a-1.tgz"],
    ["https://e.com/c?k=1", "a-1.tgz", "https://e.com/c/a-1.tgz?k=1"],
    ["https://e.com/c?k=1", "a-1.tgz?v=2", "https://e.com/c/a-1.tgz?k=1&v=2"],
    // The query is this repository's own, and perhaps a secret.
    ["https://e.com/c?k=1", "//other.com/a-1.tgz", "https://other.com/a-1.tgz"],
    ["https://e.com/c?k=1", "https://other.com/a-1.tgz", "https://other.com/a-1.tgz"],
    ["https://e.com/c", "oci://r.com/a/b:1", "oci://r.com/a/b:1"],
    ["https://e.com/c", "oci://localhost:5000/a:1", "localhost is inside of a network, and e.com is not"],
    ["https://e.com/c", "oci://0x7f.1/a:1", "127.0.0.1 is inside of a network, and e.com is not"],
    ["https://e.com/c", "oci://[fd00::1]:5000/a:1", "[fd00::1] is inside of a network, and e.com is not"],
    ["http://127.0.0.1/c", "oci://localhost:5000/a:1", "oci://localhost:5000/a:1"],
    ["https://e.com/c", "file:///etc/passwd", "file: is neither http nor https"],
    ["https://e.com/c", "http://[", "it is no URL"],
    [
      "https://e.com/c",
      "http://169.254.169.254/",
      "169.254.169.254 is inside of a network, and e.com is not",
    ],
    ["https://e.com/c", "http://localhost/", "localhost is inside of a network, and e.com is not"],
    ["http://10.0.0.1/c", "http://10.0.0.2/a", "http://10.0.0.2/a"],
    [
      "http://10.0.0.1/c",
      "http://169.254.169.254/",
      "169.254.169.254 is this machine's own, and 10.0.0.1 is not",
    ],
  ])("of %s, %s leads to %s", (site, text, url) => expect(lead(site, text)).toBe(url));

  test("is rewritten", () => {
    const to = { from: "https://old.com/charts/", to: new URL("http://10.0.0.1/new/") };
    expect(lead("https://e.com", "https://old.com/charts/x/a.tgz?q", { rewrite: to })).toBe(
      "http://10.0.0.1/new/x/a.tgz?q",
    );
    expect(lead("https://e.com", "https://old.com/a.tgz", { rewrite: to })).toBe("https://old.com/a.tgz");
    expect(
      lead("https://e.com", "https://old.com/x/a%20b.tgz?q", { base: new URL("http://127.0.0.1:1/n/") }),
    ).toBe("http://127.0.0.1:1/n/a%20b.tgz");
    expect(lead("https://e.com", "https://old.com/a:1.tgz", { base: new URL("http://127.0.0.1:1/n/") })).toBe(
      "http://127.0.0.1:1/n/a:1.tgz",
    );
  });
});

test("a redirect is held to the same rule", () => {
  const site = new URL("https://example.com/");
  expect(refusal(site, new URL("http://[::1]/"))).toContain("inside of a network");
  expect(refusal(site, new URL("https://cdn.example.com/"))).toBeUndefined();
  expect(refusal(new URL("http://127.0.0.1:1/"), new URL("http://127.0.0.1:2/"))).toBeUndefined();
});
