import { describe, expect, test } from "bun:test";
import { codeOf } from "../testing/errors.ts";
import { referenceOf } from "./elsewhere.ts";

const home = new URL("https://charts.example.com/stable/");
const inside = new URL("http://127.0.0.1:8080/");

describe("where an index says that a chart is", () => {
  test("is a registry by the first URL alone, as for Helm", () => {
    const urls = ["oci://registry.example.com/charts/a:1.0.0+b", "https://charts.example.com/a.tgz"];
    expect(referenceOf(home, { urls })).toMatchObject({
      registry: "registry.example.com",
      repository: "charts/a",
      tag: "1.0.0_b",
    });
    expect(referenceOf(home, { urls: urls.toReversed() })).toBeUndefined();
    expect(referenceOf(home, { urls: [] })).toBeUndefined();
  });

  test.each([
    "oci://127.0.0.1:5000/a:1",
    "oci://localhost/a:1",
    "oci://10.1.2.3/a:1",
    "oci://[::1]:5000/a:1",
  ])("is not inside of a network that the index is outside of: %s", async (url) => {
    expect(await codeOf(() => referenceOf(home, { urls: [url] }))).toBe("invalid");
    expect(referenceOf(inside, { urls: [url] })?.repository as string).toBe("a");
  });

  test.each(["oci://", "oci://a", "oci://registry.example.com/Upper:1"])(
    "is no reference: %s",
    async (url) => {
      expect(await codeOf(() => referenceOf(home, { urls: [url] }))).toBe("invalid");
    },
  );
});
