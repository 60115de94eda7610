import { nodeFileSystem as fs } from "../../files/filesystem.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { type Access, type AccessRules, accessOf } from "../../registry/access.ts";
import { parseHtpasswd } from "../../registry/htpasswd.ts";
import { nearest } from "../suggest.ts";
import { type AccessSettings, callerWords } from "./accessSettings.ts";

/**
 * Who may do what, by the settings; undefined where they have no rules.
 * @param htpasswd the file of those who may log in; undefined where nobody can
 * @param warn is told of users that the rules name and the file does not have: they may come later
 * @throws ChartroomError `usage` where rules speak of users and nobody can log in
 */
export async function openAccess(
  settings: AccessSettings | undefined,
  htpasswd: string | undefined,
  warn: (message: string) => void,
): Promise<Access | undefined> {
  if (settings === undefined) return undefined;
  const { rules, named } = settings;
  if (htpasswd !== undefined) await compareUsers(named, htpasswd, warn);
  else if (needsUsers(rules))
    throw new ChartroomError(
      "usage",
      "Cannot serve by these access rules: they speak of users, and nobody can log in",
      {
        hint: "Add a user with `chartroom registry user add NAME`, or name a file with --htpasswd.",
      },
    );
  return accessOf(rules);
}

const needsUsers = ({ admins, repositories }: AccessRules): boolean =>
  admins.size > 0 ||
  [...repositories.values()]
    .flatMap((grants) => Object.values(grants))
    .some((who) => who !== "everyone" && (who === "users" || who.size > 0));

async function compareUsers(
  named: ReadonlyMap<string, string>,
  htpasswd: string,
  warn: (message: string) => void,
): Promise<void> {
  const users = parseHtpasswd(await fs.readFile(htpasswd), htpasswd);
  for (const [name, place] of named) {
    if (users.has(name)) continue;
    const meant = nearest(name, users.keys());
    warn(
      `${place} names the user ${JSON.stringify(name)}, whom ${htpasswd} does not have` +
        (meant === undefined ? "" : `; did you mean ${meant}?`),
    );
  }
  for (const word of callerWords)
    if (users.has(word))
      warn(`the user ${word} of ${htpasswd} cannot be named by access rules: it is a word of theirs`);
}
