import { ChartroomError } from "../oci/errors.ts";
import { type RegistryHost, type RepositoryName, tryRepositoryName } from "../oci/reference.ts";
import { nonsense } from "./errors.ts";
import { pagesOf } from "./listing.ts";
import { type RemoteOptions, sessionOf } from "./open.ts";

/**
 * The repositories of a registry, sorted, all pages of its catalog (Distribution's `/v2/_catalog`; no part of OCI's
 * specification, and switched off in many registries that are open to everyone).
 * @param prefix only those whose names begin so
 * @throws ChartroomError `not_found` when the registry has no catalog, `not_allowed` when it does not show it
 */
export async function repositoriesOf(
  registry: RegistryHost,
  prefix: string,
  options: RemoteOptions,
): Promise<RepositoryName[]> {
  const doing = `list repositories of ${registry}`;
  const found = new Set<RepositoryName>();
  let known = false;
  const pages = pagesOf(
    sessionOf(registry, undefined, options),
    doing,
    "/v2/_catalog?n=1000",
    "application/json",
  );
  for await (const page of pages) {
    known = true;
    // Go's registries write an empty list as null.
    const list = page.repositories ?? [];
    if (!Array.isArray(list)) throw nonsense(doing, "the registry's list has no repositories");
    for (const each of list) {
      const name = typeof each === "string" ? tryRepositoryName(each) : undefined;
      if (name?.startsWith(prefix)) found.add(name);
    }
  }
  if (!known)
    throw new ChartroomError("not_found", `Cannot ${doing}: the registry has no catalog`, {
      hint: "Name each repository instead of what they begin with.",
    });
  return [...found].sort();
}
