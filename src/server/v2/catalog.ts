import { RegistryError } from "../../registry/errors.ts";
import { jsonAnswer } from "../answer.ts";
import type { Call } from "../call.ts";
import { nextLink, parsePaging } from "../paging.ts";
import { seal, unseal } from "../sealed.ts";

/**
 * The repositories of this registry that the caller may pull, page by page, as CNCF Distribution lists them. Where much is
 * passed over a page may be short and link on behind a repository that the caller may not see: its name is sealed then.
 * @throws RegistryError `parameterInvalid`
 */
export async function listRepositories({ registry, query, root, access, user }: Call): Promise<Response> {
  const { after, limit } = parsePaging(query);
  const behind = query.get("behind");
  const opened = behind === null ? undefined : unseal(behind);
  if (behind !== null && opened === undefined)
    throw new RegistryError("parameterInvalid", {
      message: "behind is not from this run of the registry: begin the list again",
    });
  const { items, next } = await registry.repositories({ after: opened ?? after, limit }, (name) =>
    access.may(user, "pull", name),
  );
  const link =
    next &&
    nextLink(`${root}/v2/_catalog`, {
      n: `${limit}`,
      ...(next.shown ? { last: next.after } : { behind: seal(next.after) }),
    });
  return jsonAnswer({ repositories: items }, 200, { link });
}
