import type { AccessRules, Grants, Who } from "../registry/access.ts";
import type { RepositoryPattern } from "../registry/patterns.ts";
import type { Carried } from "./handler.ts";

/** These users. */
export const who = (...users: string[]): Who => new Set(users);

/** Rules by pattern; what is not granted is nobody's. */
export const rulesOf = (
  grants: Readonly<Record<string, Partial<Grants>>>,
  admins: readonly string[] = [],
): AccessRules => ({
  admins: new Set(admins),
  repositories: new Map(
    Object.entries(grants).map(([pattern, each]) => [
      pattern as RepositoryPattern,
      { pull: who(), push: who(), delete: who(), ...each },
    ]),
  ),
});

/** Lets in whoever has the password `pw`. */
export const anyUser = {
  realm: "house",
  authenticate: async (_user: string, password: string): Promise<boolean> => password === "pw",
};

/** What a request of a user of `anyUser` carries. */
export const as = (user: string, password = "pw"): Carried => ({
  headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` },
});
