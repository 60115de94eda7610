import { expect, test } from "bun:test";
import type { RepositoryName } from "../oci/reference.ts";
import { rulesOf, who } from "../testing/access.ts";
import { type AccessRules, type Action, accessOf, everyoneMay, type Grants, usersMay } from "./access.ts";

const callers = [undefined, "ann", "bob", "eve", "root"];

/** What these callers may do to a repository, as `pull push delete` by each; `-` for who has not logged in. */
function allowed(by: AccessRules, repository: string) {
  const access = accessOf(by);
  const actions: Action[] = ["pull", "push", "delete"];
  return Object.fromEntries(
    callers.map((caller) => [
      caller ?? "-",
      actions.filter((action) => access.may(caller, action, repository as RepositoryName)).join(" "),
    ]),
  );
}

const rules = rulesOf(
  {
    "**": { pull: "everyone", push: "users" },
    "team/**": { pull: who("bob"), push: who("ann"), delete: who("eve") },
    "team/open": { push: "everyone" },
    closed: {},
  },
  ["root"],
);
const all = "pull push delete";

test.each([
  ["elsewhere/chart", { "-": "pull", ann: "pull push", bob: "pull push", eve: "pull push", root: all }],
  ["team/chart", { "-": "", ann: "pull push", bob: "pull", eve: "pull delete", root: all }],
  ["team/open", { "-": "pull push", ann: "pull push", bob: "pull push", eve: "pull push", root: all }],
  ["closed", { "-": "", ann: "", bob: "", eve: "", root: all }],
])("of %s everyone may what its one rule says, and pull what one may push or delete", (name, expected) => {
  expect(allowed(rules, name)).toEqual(expected);
});

test("what no rule matches is the admins' alone", () => {
  expect(allowed(rulesOf({ a: { pull: "everyone" } }, ["root"]), "b")).toEqual({
    "-": "",
    ann: "",
    bob: "",
    eve: "",
    root: all,
  });
});

test("an admin of no name is nobody", () => {
  expect(accessOf(rulesOf({ a: {} }, [""])).may(undefined, "pull", "a" as RepositoryName)).toBe(false);
});

test("how much is public is told: all, some, or nothing", () => {
  const publicOf = (given: Record<string, Partial<Grants>>) => accessOf(rulesOf(given)).public;
  expect(publicOf({ "**": { pull: "everyone" } })).toBe("all");
  expect(publicOf({ "**": { push: "everyone" }, "a/*": { pull: "everyone" } })).toBe("all");
  expect(publicOf({ "**": { pull: "everyone" }, "a/*": { pull: "users" } })).toBe("some");
  expect(publicOf({ "**": { pull: "users" }, a: {} })).toBe("nothing");
  expect(publicOf({ "a/**": { pull: "everyone" } })).toBe("some");
  expect([everyoneMay.public, usersMay.public]).toEqual(["all", "nothing"]);
});

test("whether a caller may do something below a prefix is told by what rules could count there", () => {
  const access = accessOf(rules);
  const may = (prefix: string, action: Action) =>
    callers.filter((caller) => access.maySomewhere(caller, action, prefix)).map((caller) => caller ?? "-");
  expect(may("", "push")).toEqual(["ann", "bob", "eve", "root"]);
  expect(may("team/", "push")).toEqual(["-", "ann", "bob", "eve", "root"]);
  expect(may("team/", "delete")).toEqual(["eve", "root"]);
  expect(may("closed/", "delete")).toEqual(["root"]);
  expect([everyoneMay, usersMay].map((each) => each.maySomewhere(undefined, "pull", ""))).toEqual([
    true,
    false,
  ]);
  expect(usersMay.maySomewhere("ann", "delete", "a/")).toBe(true);
  const hiding = accessOf(rulesOf({ "**": { pull: "everyone" }, "hidden/**": { pull: new Set(["ann"]) } }));
  const pullers = ["ann", undefined].map((caller) => hiding.maySomewhere(caller, "pull", "hidden/"));
  expect(pullers).toEqual([true, false]);
});
