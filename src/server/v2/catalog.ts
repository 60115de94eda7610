import { jsonAnswer } from "../answer.ts";
import type { Call } from "../call.ts";
import { nextLink, parsePaging } from "../paging.ts";

/** The repositories of this registry, page by page, as CNCF Distribution lists them. */
export async function listRepositories({ registry, query, root }: Call): Promise<Response> {
  const { after, limit } = parsePaging(query);
  const { items, more } = await registry.repositories({ after, limit });
  const last = items.at(-1);
  const link =
    more && last !== undefined ? nextLink(`${root}/v2/_catalog`, { n: `${limit}`, last }) : undefined;
  return jsonAnswer({ repositories: items }, 200, { link });
}
