import { partLimits } from "../../chart/archive/limits.ts";
import { metadataOf } from "../../chart/facts.ts";
import { packForPush, signForPush } from "../../chart/packed.ts";
import { isAbout, provenanceKind, signedChart } from "../../chart/provenance.ts";
import { copy } from "../../oci/copy.ts";
import { digestOf } from "../../oci/digest.ts";
import { parseTag, type RepositoryName } from "../../oci/reference.ts";
import { RegistryError } from "../../registry/errors.ts";
import { jsonAnswer } from "../answer.ts";
import type { Call } from "../call.ts";
import { MuseumError } from "./errors.ts";
import { enter, reach } from "./reach.ts";
import type { AtVersion, InRepository } from "./route.ts";

/** The largest body of a chart, in bytes; it is held in memory. Larger charts are for `chart push`, which streams. */
const bodyLimit = 32 * 1024 * 1024;

const saved = () => jsonAnswer({ saved: true }, 201);

/**
 * Publish a chart: the body is the archive, or a form with the fields `chart` and `prov`. It becomes the manifest that
 * `chart push` makes of it. `?force` replaces what is there.
 * @throws MuseumError, NotAllowed
 */
export async function postChart(call: Call, { prefix }: InRepository): Promise<Response> {
  enter(call, "push", prefix);
  const type = call.request.headers.get("content-type") ?? "";
  const isForm = /^multipart\/form-data\b/i.test(type);
  const body = await bodyOf(call, bodyLimit);
  const { archive, provenance } = isForm
    ? await fieldsOf(body, type)
    : { archive: body, provenance: undefined };
  if (archive === undefined && provenance === undefined)
    throw new MuseumError(400, "no package or provenance file found in form fields chart and prov");
  if (archive === undefined) return putProvenance(call, prefix, provenance!);
  const facts = await call.registry.readArchive(archive);
  if ("unreadable" in facts) throw new MuseumError(400, facts.unreadable);
  if (provenance !== undefined && provenanceKind(provenance, digestOf(archive)) !== "signed")
    throw new MuseumError(400, "invalid provenance file");
  const metadata = metadataOf(facts);
  const repository = repositoryOf(call, prefix, metadata.name);
  const tag = parseTag(metadata.version);
  const force = call.query.has("force");
  const target = call.registry.repository(repository);
  if (!force && (await target.resolve(tag)) !== undefined)
    throw new MuseumError(409, `${isForm ? "chart" : "file"} already exists`);
  const packed = packForPush({ metadata, archive, provenance });
  await copy(packed.source, target, packed.manifest, { tags: [tag], expect: force ? "any" : "absent" });
  return saved();
}

/** Put a provenance file to a chart that is there. @throws MuseumError, NotAllowed */
export async function postProvenance(call: Call, { prefix }: InRepository): Promise<Response> {
  enter(call, "push", prefix);
  return putProvenance(call, prefix, await bodyOf(call, partLimits.provenance));
}

async function putProvenance(call: Call, prefix: string, provenance: Uint8Array): Promise<Response> {
  const signed = signedChart(provenance);
  if (signed === undefined) throw new MuseumError(400, "invalid provenance file");
  const { name, version } = signed;
  const repository = call.registry.repository(repositoryOf(call, prefix, name));
  const found = await call.registry.indexes.version(prefix, name, version);
  const stored = found && (await repository.manifest(found.chart.manifest));
  if (found === undefined || stored === undefined)
    throw new MuseumError(
      404,
      `there is no ${name} ${version} to be signed: send the chart first, or both at once`,
    );
  const { source, manifest, wasSigned, content } = signForPush(stored, provenance);
  if (wasSigned && !call.query.has("force")) throw new MuseumError(409, "file already exists");
  if (!isAbout(provenance, content)) throw new MuseumError(400, "invalid provenance file");
  await copy(source, repository, manifest, { tags: [found.tag], expect: found.chart.manifest });
  return saved();
}

/** Take a version out of the index: its tag goes. @throws MuseumError, NotAllowed; RegistryError `deletesRefused` */
export async function deleteVersion(call: Call, { prefix, chart, version }: AtVersion): Promise<Response> {
  reach(call, "delete", prefix, chart);
  const found = await call.registry.indexes.version(prefix, chart, version);
  if (found === undefined || !(await call.registry.repository(found.repository).untag(found.tag)))
    throw new MuseumError(404, "not found");
  return jsonAnswer({ deleted: true });
}

/** A chart's repository, which its caller may push to. @throws MuseumError, NotAllowed */
function repositoryOf(call: Call, prefix: string, chart: string): RepositoryName {
  const repository = reach(call, "push", prefix, chart);
  if (repository !== undefined) return repository;
  throw new MuseumError(
    400,
    `${JSON.stringify(chart)} is improperly formatted: a repository is called by the chart's name`,
  );
}

/** The request's body. @throws MuseumError when it is too large */
async function bodyOf(call: Call, limit: number): Promise<Uint8Array> {
  const tooLarge = () => new MuseumError(413, `request too large: ${limit} bytes are the most`);
  if (Number(call.request.headers.get("content-length")) > limit) throw tooLarge();
  try {
    return await call.read(limit);
  } catch (error) {
    throw error instanceof RegistryError && error.fault === "manifestTooLarge" ? tooLarge() : error;
  }
}

/** The files of a form. @throws MuseumError when it is none */
async function fieldsOf(body: Uint8Array, type: string) {
  let form: FormData;
  try {
    form = await new Response(body as Uint8Array<ArrayBuffer>, {
      headers: { "content-type": type },
    }).formData();
  } catch {
    throw new MuseumError(400, "the body is no form");
  }
  const bytesOf = async (name: string) => {
    const field = form.get(name);
    return field instanceof Blob ? field.bytes() : undefined;
  };
  return { archive: await bytesOf("chart"), provenance: await bytesOf("prov") };
}
