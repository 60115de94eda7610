import { expect, test } from "bun:test";
import { topics } from "../src/cli/topics.ts";
import { withoutComments } from "./imports.ts";
import { sources } from "./sources.ts";

/** Variables that the page names though no code of ours reads them, and why. */
const elsewhere = [
  "HELM_EXPERIMENTAL_OCI", // scripts for Helm 3.0 to 3.7 set it
  "NO_PROXY", // read by the runtime's fetch
  "REGISTRY_AUTH", // an example of those in the row's name
];

const code = [...sources("src", ".ts")]
  .filter(([path]) => !/\.(test|suite|child)\.ts$|^src\/(testing|cli\/topics)/.test(path))
  .map(([, text]) => withoutComments(text));

/** `env.X`, `env["X"]`, an option's `.env("X")`; and names in lists that variables are looked up by. */
const forms = [
  /\benv\??\.([A-Z][A-Z0-9_]+)\b/g,
  /\.env\(\s*"([A-Z0-9_]+)"/g,
  /\benv\["([A-Z0-9_]+)"\]/g,
  /"([A-Z]+_PROXY)"/g,
];

test("help environment names every variable that is read, and no other", () => {
  const read = new Set(
    code.flatMap((text) => forms.flatMap((form) => Array.from(text.matchAll(form), ([, name]) => name))),
  );
  const page = JSON.stringify(topics.environment.sections.map(({ rows }) => rows));
  const named = new Set(
    page.match(/\b[A-Z]+_[A-Z0-9_]*[A-Z]\b|\b(HOME|PATH|TERM|TEMP|APPDATA|LOCALAPPDATA)\b/g),
  );
  expect([...read].filter((name) => !named.has(name ?? ""))).toEqual([]);
  expect([...named].filter((name) => !read.has(name) && !elsewhere.includes(name))).toEqual([]);
});
