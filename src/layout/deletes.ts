import type { Deletes } from "../oci/repository.ts";
import type { Layout } from "./layout.ts";
import { entryName } from "./name.ts";
import { deleteManifest } from "./prune.ts";
import { removeName } from "./write.ts";

/** What may be taken away from the part of a layout whose names begin with `repository`; each change takes the lock itself. */
export const layoutDeletes = (layout: Layout, repository: string, signal?: AbortSignal): Deletes => ({
  untag: (tag) => removeName(layout, entryName(repository, tag), signal),
  delete: (digest) => deleteManifest(layout, repository, digest, signal),
});
