import { describe, expect, test } from "bun:test";
import { parseMetadata } from "./chartYaml.ts";

const utf8 = new TextEncoder();
const chart = (...lines: string[]) =>
  parseMetadata(utf8.encode(["apiVersion: v2", "name: web", "version: 1.0.0", ...lines, ""].join("\n")));
const whole = (text: string) => parseMetadata(utf8.encode(text));

describe("Chart.yaml", () => {
  test("gives what it has, and empty values for the rest", () => {
    expect(whole("name: web\nversion: 1.0.0\n")).toEqual({
      name: "web" as never,
      home: "",
      sources: [],
      version: "1.0.0",
      description: "",
      keywords: [],
      maintainers: [],
      icon: "",
      apiVersion: "v1",
      condition: "",
      tags: "",
      appVersion: "",
      deprecated: false,
      annotations: {},
      kubeVersion: "",
      dependencies: [],
      type: "",
    });
  });

  // Each seen from `helm package` of Helm 4.3.1: Chart.yaml's appVersion, and what Helm made of it.
  test.each([
    ["1.10", "1.1"],
    ["1.", "1"],
    [".5", "0.5"],
    ["1e5", "100000"],
    ["100000000.0", "1e+08"],
    ["1234567.5", "1.2345675e+06"],
    ["1234567e8", "1.234567e+14"],
    ["0.00001", "1e-05"],
    ["012", "10"],
    ["0o14", "12"],
    ["08", "8"],
    ["0x1F", "31"],
    ["1_000", "1000"],
    ["20230101123456789012", "2.0230101e+19"],
    ["e5", "e5"],
    ["12:30", "12:30"],
    ["2001-01-01", "2001-01-01"],
    ["y", "true"],
    ["off", "false"],
    ["yES", "yES"],
    ["~", ""],
    ["'1.10'", "1.10"],
    ["!!str 1.10", "1.10"],
  ])("takes a number for text as Helm does: %s is %s", (written, read) => {
    expect(chart(`appVersion: ${written}`).appVersion).toBe(read);
  });

  test("skips a byte order mark and reads carriage returns", () => {
    expect(whole("\ufeffname: web\r\nversion: 1.0.0\r\n").name as string).toBe("web");
  });

  test("matches names in any case, lets the last of two equal keys count, and merges", () => {
    expect(chart("Description: a", "description: b", "DESCRIPTION: c").description).toBe("b");
    expect(chart("home: a", "home: b").home).toBe("b");
    expect(chart("<<: {icon: i}").icon).toBe("i");
  });

  test("looks at the first document only, and passes over unknown members", () => {
    expect(chart("unknown: {a: [1]}", "---", "name: other").name as string).toBe("web");
  });

  test("turns white space into blanks and drops what does not print", () => {
    expect(chart('description: "\\adescr\\u0081iption\\rtest\\u00a0\\u2028é😀"').description).toBe(
      "description test  é😀",
    );
  });

  test("takes the dependencies of requirements.yaml", () => {
    const metadata = parseMetadata(
      utf8.encode("name: old\nversion: 1.0.0\n"),
      utf8.encode("dependencies: [{name: a, repository: https://example.com, import-values: [{b: 1}]}]\n"),
    );
    expect(metadata.dependencies.map(({ name }) => name)).toEqual(["a"]);
    expect(metadata.dependencies[0]?.importValues).toEqual([new Map([["b", 1]])]);
  });

  test.each([
    ["", "the name is missing"],
    ["version: 1.0.0", "the name is missing"],
    ["name: web", "the version is missing"],
    ["name: web\nversion: 1.2.3.4", 'the version "1.2.3.4" is not like 1.2.3'],
    ["name: a/b\nversion: 1.0.0", 'the name "a/b" has a character that Windows refuses'],
    ["name: ..\nversion: 1.0.0", 'the name ".." has the part ".."'],
    ["name: 'C:x'\nversion: 1.0.0", 'the name "C:x" has a character that Windows refuses'],
    ["name: aux\nversion: 1.0.0", 'the name "aux" is the name of a device on Windows'],
    ["[]", "it is no mapping"],
    ["just text", "it is no mapping"],
    ["? [a]\n: b", "a key is no text"],
  ])("%p is refused: %s", (text, why) => {
    expect(() => whole(text)).toThrow(`Cannot read Chart.yaml: ${why}`);
  });

  test.each([
    ["type: sailing", 'the type "sailing" is neither "application" nor "library"'],
    ["maintainers: [null]", "maintainers[0] is empty"],
    ["maintainers: [Ada]", "maintainers[0] is no mapping"],
    ["maintainers: [{name: [a]}]", "maintainers[0].name is no text"],
    ["sources: one", "sources is no list"],
    ["description: {a: b}", "description is no text"],
    ['description: "\\ud800"', "description is not Unicode"],
    ["deprecated: 1", "deprecated is neither true nor false"],
    ["annotations: [a]", "annotations is no mapping"],
    ["annotations: {~: a}", "a key of annotations is no text"],
    ["dependencies: [~]", "dependencies[0] is empty"],
    ["dependencies: [{name: a}, {name: b, alias: a}]", 'two dependencies have the name or alias "a"'],
    ["dependencies: [{name: a, alias: 'b c'}]", 'the alias "b c" of dependency "a"'],
    ["dependencies: [{name: a, import-values: &v [*v]}]", "dependencies[0].import-values is nested too deep"],
    ["dependencies: [{name: a, import-values: [.inf]}]", "dependencies[0].import-values holds Infinity"],
  ])("%p is refused: %s", (line, why) => {
    expect(() => chart(line)).toThrow(`Cannot read Chart.yaml: ${why}`);
  });

  test("is read up to a megabyte", () => {
    const [text, limit] = ["name: web\nversion: 1.0.0\n#", 1024 * 1024];
    expect(whole(text.padEnd(limit, "x")).version).toBe("1.0.0");
    expect(() => whole(text.padEnd(limit + 1, "x"))).toThrow("Cannot read Chart.yaml: it has 1048577 bytes");
    expect(() => parseMetadata(utf8.encode(text), new Uint8Array(limit + 1).fill(0x23))).toThrow(
      "Cannot read requirements.yaml: it has 1048577 bytes",
    );
  });

  test("what is no YAML is refused with the place", () => {
    expect(() => chart("description: a: b")).toThrow(/^Cannot parse Chart.yaml: .* at line 4, column 14$/);
    expect(() => chart("icon: *nope")).toThrow("Cannot parse Chart.yaml: Unresolved alias");
    expect(() => parseMetadata(Uint8Array.of(0xff, 0xfe))).toThrow(
      "Cannot parse Chart.yaml: it is not UTF-8",
    );
    expect(() => whole("[".repeat(5_000))).toThrow("Cannot parse Chart.yaml:");
  });

  test("aliases that multiply are refused", () => {
    const lines = ["a: &a [x,x,x,x,x,x,x,x,x]"];
    for (const [i, name] of [..."bcdefgh"].entries())
      lines.push(`${name}: &${name} [${Array(9).fill(`*${"abcdefg"[i]}`)}]`);
    expect(() => chart(...lines)).toThrow("Cannot parse Chart.yaml: Excessive alias count");
  });
});
