import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RepositoryName } from "../../oci/reference.ts";
import { rulesOf, who } from "../../testing/access.ts";
import { codeOf } from "../../testing/errors.ts";
import { openAccess } from "./access.ts";

let root = "";
let htpasswd = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "chartroom-access-"));
  htpasswd = join(root, "htpasswd");
  await writeFile(htpasswd, "annabel:x\nusers:x\n");
});
afterAll(() => rm(root, { recursive: true }));

const settingsOf = (grants: Parameters<typeof rulesOf>[0], ...named: string[]) => ({
  rules: rulesOf(grants),
  named: new Map(named.map((name) => [name, `access.admins (config.yml:${name.length})`])),
  anonymousPull: false,
});

test("a user whom the file does not have is warned of, by name and place, with the one that was meant", async () => {
  const warnings: string[] = [];
  const settings = settingsOf({ a: { pull: who("annabel", "anabel", "zoe") } }, "annabel", "anabel", "zoe");
  const access = await openAccess(settings, htpasswd, (message) => warnings.push(message));
  expect(warnings).toEqual([
    `access.admins (config.yml:6) names the user "anabel", whom ${htpasswd} does not have; did you mean annabel?`,
    `access.admins (config.yml:3) names the user "zoe", whom ${htpasswd} does not have`,
    `the user users of ${htpasswd} cannot be named by access rules: it is a word of theirs`,
  ]);
  expect(access?.may("zoe", "pull", "a" as RepositoryName)).toBe(true);
});

test("rules that speak of users are refused where nobody can log in; others are not", async () => {
  for (const someone of ["users" as const, who("ann")]) {
    const opened = openAccess(settingsOf({ a: { pull: "everyone", push: someone } }), undefined, () => {});
    await expect(opened).rejects.toThrow("nobody can log in");
    expect(await codeOf(opened)).toBe("usage");
  }
  const withAdmin = { ...settingsOf({ a: { pull: "everyone" } }), rules: rulesOf({ a: {} }, ["ann"]) };
  expect(await codeOf(openAccess(withAdmin, undefined, () => {}))).toBe("usage");
  const access = await openAccess(settingsOf({ a: { pull: "everyone" } }), undefined, () => {});
  expect(access?.may(undefined, "pull", "a" as RepositoryName)).toBe(true);
  expect(access?.may(undefined, "push", "a" as RepositoryName)).toBe(false);
});

test("without rules there is nothing to open", async () => {
  expect(await openAccess(undefined, htpasswd, () => {})).toBeUndefined();
});
