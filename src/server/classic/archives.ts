import { chartsNamed } from "../../chart/indexEntry.ts";
import { chartManifest } from "../../chart/manifest.ts";
import { parseManifest } from "../../oci/manifest.ts";
import { tryRepositoryName } from "../../oci/reference.ts";
import type { FoundChart } from "../../registry/classic/indexes.ts";
import type { Call } from "../call.ts";
import { pullBlob } from "../v2/blobs.ts";
import { MuseumError, NotAllowed } from "./errors.ts";
import { look, reach } from "./reach.ts";
import type { AtFile, InRepository } from "./route.ts";

/** An archive: the very bytes that OCI clients get. @throws MuseumError, NotAllowed */
export async function pullChart(call: Call, at: AtFile): Promise<Response> {
  const { repository, chart } = await find(call, at);
  return pullBlob(call, { name: repository, digest: chart.content }, "application/gzip");
}

/** An archive's provenance file. @throws MuseumError, NotAllowed */
export async function pullProvenance(call: Call, at: AtFile): Promise<Response> {
  const { repository, chart } = await find(call, at);
  const stored = await call.registry.repository(repository).manifest(chart.manifest);
  if (stored === undefined) throw notFound();
  const { provenance } = chartManifest(parseManifest(stored.bytes, stored.descriptor.mediaType));
  if (provenance === undefined) throw notFound();
  return pullBlob(call, { name: repository, digest: provenance.digest }, "application/pgp-signature");
}

/** What the charts of a prefix tell Artifact Hub, as far as the caller may pull them. @throws MuseumError, NotAllowed */
export async function pullMetadata(call: Call, { prefix }: InRepository): Promise<Response> {
  const { shelf, choice } = await look(call, prefix);
  const names = shelf.charts(choice).map(({ name }) => tryRepositoryName(prefix + name));
  const held = await call.registry.sharedMetadata(names.filter((name) => name !== undefined));
  if (held === undefined) throw notFound();
  return pullBlob(call, { name: held.repository, digest: held.file.digest }, "application/x-yaml");
}

const notFound = (): MuseumError => new MuseumError(404, "object not found");

/** The chart that a URL means: the first that is there, of those that the caller may pull. */
async function find(call: Call, { prefix, file, chart }: AtFile): Promise<FoundChart> {
  let isHidden = false;
  for (const { name, version } of chartsNamed(file)) {
    if (chart !== undefined && name !== chart) continue;
    try {
      reach(call, "pull", prefix, name);
    } catch (error) {
      if (!(error instanceof NotAllowed)) throw error;
      isHidden = true;
      continue;
    }
    const found = await call.registry.indexes.version(prefix, name, version);
    if (found !== undefined) return found;
  }
  throw isHidden ? new NotAllowed() : notFound();
}
