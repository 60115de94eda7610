import type { RepositoryName } from "../../oci/reference.ts";
import { RegistryError } from "../../registry/errors.ts";
import { jsonAnswer } from "../answer.ts";
import type { Call } from "../call.ts";
import { nextLink, parsePaging } from "../paging.ts";

/** distribution-spec, "Listing Tags". @throws RegistryError `nameUnknown`, `parameterInvalid` */
export async function listTags(
  { registry, query, root }: Call,
  { name }: { name: RepositoryName },
): Promise<Response> {
  const { after, limit } = parsePaging(query);
  const page = await registry.repository(name).tagPage({ after, limit });
  if (page === undefined) throw new RegistryError("nameUnknown", { details: [{ name }] });
  const last = page.items.at(-1);
  const link =
    page.more && last !== undefined
      ? nextLink(`${root}/v2/${name}/tags/list`, { n: `${limit}`, last })
      : undefined;
  return jsonAnswer({ name, tags: page.items }, 200, { link });
}
