import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ChartroomError } from "../../oci/errors.ts";
import { rulesOf, who } from "../../testing/access.ts";
import { type RegistryOptions, registrySettings } from "./settings.ts";

const place = { env: {}, cwd: "/work", platform: "linux" as const, home: "/home/me" };
const settings = (yaml: string, options: RegistryOptions = {}, env: Record<string, string> = {}) =>
  registrySettings({ path: "config.yml", text: `version: 0.1\n${yaml}\n` }, options, { ...place, env });
const read = (...given: Parameters<typeof settings>) => settings(...given).access;

const example = `
access:
  admins: [root, ops]
  groups:
    ops: [olga, otto]
    dev: [ann, bob]
  repositories:
    "**": {pull: everyone, push: users}
    team/**:
      pull: [dev, ops, eve]
      push: dev
      delete: [olga]
    "closed": {pull: []}
    mixed: {pull: [users, ann], push: [everyone, ann]}
`;

describe("rules", () => {
  test("are read, groups and words resolved, and what is not said is nobody's", () => {
    expect(read(example)).toEqual({
      rules: rulesOf(
        {
          "**": { pull: "everyone", push: "users" },
          "team/**": {
            pull: who("ann", "bob", "olga", "otto", "eve"),
            push: who("ann", "bob"),
            delete: who("olga"),
          },
          closed: {},
          mixed: { pull: "users", push: "everyone" },
        },
        ["root", "olga", "otto"],
      ),
      named: new Map([
        ["olga", "access.groups.ops (config.yml:6)"],
        ["otto", "access.groups.ops (config.yml:6)"],
        ["ann", "access.groups.dev (config.yml:7)"],
        ["bob", "access.groups.dev (config.yml:7)"],
        ["root", "access.admins (config.yml:4)"],
        ["eve", "access.repositories.team/**.pull (config.yml:11)"],
      ]),
      anonymousPull: false,
    });
    expect(settings(example).warnings).toEqual([]);
  });

  test("are those that docs/access.md shows", () => {
    const docs = readFileSync(join(import.meta.dir, "../../../docs/access.md"), "utf8");
    const [, yaml = ""] = /```yaml\nversion: 0.1\n(.*?)```/s.exec(docs) ?? [];
    expect(read(yaml)?.rules).toEqual(
      rulesOf(
        {
          "**": { pull: "everyone" },
          "team/**": { pull: "users", push: who("bob", "carol"), delete: who("carol") },
          "team/secret": { pull: who("bob", "dora") },
        },
        ["ann"],
      ),
    );
  });

  test("come by a variable too", () => {
    const env = { REGISTRY_ACCESS: "{repositories: {'**': {pull: everyone}}}" };
    expect(read("", {}, env)?.rules).toEqual(rulesOf({ "**": { pull: "everyone" } }));
    expect(read(example, {}, env)?.rules).toEqual(rulesOf({ "**": { pull: "everyone" } }));
  });

  test("are none where nothing is said", () => {
    for (const yaml of ["", "access:", "access: {}", "access: {anonymouspull: false}"])
      expect(read(yaml)).toBeUndefined();
  });
});

test("anonymous pull is one line: a flag, a key or a variable, and stands alone", () => {
  const expected = {
    rules: rulesOf({ "**": { pull: "everyone", push: "users", delete: "users" } }),
    anonymousPull: true,
  };
  expect(read("", { anonymousPull: true })).toMatchObject(expected);
  expect(read("access: {anonymouspull: true}")).toMatchObject(expected);
  expect(read("", {}, { REGISTRY_ACCESS_ANONYMOUSPULL: "true" })).toMatchObject(expected);
  expect(() => read(example, { anonymousPull: true })).toThrow(
    "Cannot use --anonymous-pull: access.admins is there too",
  );
  expect(() => read(`${example}  anonymouspull: true`)).toThrow(
    "Cannot use access.anonymouspull: access.admins",
  );
});

const rule = (text: string) => `access: {repositories: {a: ${text}}}`;
const refused: [yaml: string, message: string, hint?: string][] = [
  [
    "acess: {anonymouspull: true}",
    "Cannot use acess (config.yml:2): it is not supported",
    "Did you mean `access`?.",
  ],
  ["access: open", "Cannot use access (config.yml:2)"],
  ["access: [a]", "Cannot use access (config.yml:2): expected a map, found a list"],
  ["access: {anonymouspull: yse}", "Cannot use access.anonymouspull (config.yml:2): expected true or false"],
  [
    "access: {repositorys: {a: {pull: users}}}",
    "Cannot use access.repositorys (config.yml:2): it is unknown; did you mean repositories?",
    "Expected admins, anonymouspull, groups, repositories.",
  ],
  ["access: {admins: [ann]}", "expected `repositories` with rules, or `anonymouspull: true`"],
  ["access: {repositories: {}}", "Cannot use access.repositories (config.yml:2): expected something in it"],
  [
    "access: {repositories: [{a: {pull: users}}]}",
    "Cannot use access.repositories (config.yml:2): expected a map, found a list",
  ],
  ["access: {groups: {dev: [ann]}}", "expected `repositories` with rules"],
  ["access: {groups: {dev: []}}", "expected `repositories` with rules"],
  [
    "access: {groups: {users: [ann]}}",
    "Cannot use access.groups.users (config.yml:2): expected another name",
  ],
  [
    "access: {groups: {a: [ann], b: [a]}}",
    'Cannot use access.groups.b (config.yml:2): expected users, found the group "a"',
  ],
  [
    "access: {groups: {a: [everyone]}}",
    "Cannot use access.groups.a (config.yml:2): expected users, found the word",
  ],
  [
    "access: {admins: everyone, repositories: {a: {pull: users}}}",
    "Cannot use access.admins (config.yml:2): expected users, found the word everyone",
  ],
  [
    "access: {repositories: {Team/*: {pull: users}}}",
    "Cannot use access.repositories.Team/* (config.yml:2): expected a repository's name",
  ],
  [
    "access: {repositories: {'**/dev': {pull: users}}}",
    "where a part may hold one `*`, and the last may be `**`",
  ],
  [
    rule("{pul: users}"),
    "Cannot use access.repositories.a.pul (config.yml:2): it is unknown; did you mean pull?",
    "Expected pull, push, delete.",
  ],
  [rule("{}"), "Cannot use access.repositories.a (config.yml:2): expected something in it"],
  [rule("users"), "Cannot use access.repositories.a (config.yml:2)"],
  [rule("{pull: }"), "expected everyone, users, or names of users and groups; [] for nobody"],
  [
    rule("{pull: [ann, {b: c}]}"),
    "Cannot use access.repositories.a.pull (config.yml:2): expected everyone, users",
  ],
  [
    rule("{pull: {ann: true}}"),
    "Cannot use access.repositories.a.pull (config.yml:2): expected everyone, users",
  ],
  [rule("{pull: 'a:b'}"), 'expected names of users. Cannot use the name "a:b": it holds ":"'],
];

test.each(refused)(
  "what is misspelt is refused by name, with what was expected: %s",
  (yaml, message, hint = "") => {
    expect(() => read(yaml)).toThrow(message);
    if (hint !== "") expect(hintOf(yaml)).toBe(hint);
  },
);

test.each(["access: {repositories: {**: {pull: users}}}", "access:\n  repositories:\n    *: {pull: users}"])(
  "a pattern that YAML does not take for a key is refused with the way to write it: %s",
  (yaml) => {
    expect(() => read(yaml)).toThrow("Cannot read config.yml:");
    expect(hintOf(yaml)).toBe('Expected YAML, in which what begins with * is quoted: "**".');
  },
);

test("names that YAML takes for something else stay what was written", () => {
  const yaml = `access: {repositories: {a: {pull: [no, on, 0123, 1e3, "null"]}}}`;
  expect(read(yaml)?.rules).toEqual(rulesOf({ a: { pull: who("no", "on", "0123", "1e3", "null") } }));
});

function hintOf(yaml: string): string | undefined {
  try {
    read(yaml);
  } catch (error) {
    return error instanceof ChartroomError ? error.hint : undefined;
  }
  return undefined;
}
