import { openArchive } from "../../chart/archive/archive.ts";
import { parseConfig } from "../../chart/config.ts";
import { archiveName, type IndexEntry, indexEntry, urlPath } from "../../chart/indexEntry.ts";
import { chartManifest } from "../../chart/manifest.ts";
import type { Metadata } from "../../chart/metadata.ts";
import { momentOf } from "../../chart/moment.ts";
import { repositoryMetadataIn, repositoryMetadataTag } from "../../chart/repositoryMetadata.ts";
import { tryVersion, type Version } from "../../chart/version.ts";
import type { Admit } from "../../migrate/room.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, type Digest, digestOf } from "../../oci/digest.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { parseManifest } from "../../oci/manifest.ts";
import type { Tag } from "../../oci/reference.ts";
import type { Reads } from "../../oci/repository.ts";
import { readVerified } from "../../oci/verify.ts";
import { namedManifest } from "../named.ts";
import type { OpenPlace } from "../openPlace.ts";
import { formatOne } from "../place.ts";
import type { TreeFile } from "../tree.ts";

/** A version of a chart as an index lists it: its entry, and what it is told and ordered by. */
export interface IndexedVersion extends IndexEntry {
  readonly name: string;
  readonly version: string;
  readonly parsed: Version;
  /** Undefined where an older index has none. */
  readonly digest: Digest | undefined;
  /** ms since 1970; undefined where nothing tells. */
  readonly created: number | undefined;
}

/** A version that was found, to be listed. */
export interface SiteRow extends IndexedVersion {
  /** Where, for people. */
  readonly ref: string;
  /** What stands beside the index: the archive and its provenance, where they are wanted. */
  readonly files: readonly TreeFile[];
}

/** Where archives are: in the registry, or beside the index, perhaps under a URL that it is served by. */
export type Urls = { readonly in: "registry" } | { readonly in: "files"; readonly base: string };

/**
 * The row of a chart that a tag names. Archives that are to be written are fetched whole; else the manifest and the config do.
 * @param admit asked for room before an archive is held
 * @throws ChartroomError `invalid` for what is no chart, or not the version that its tag says
 */
export async function readRow(
  open: OpenPlace,
  repository: string,
  tag: Tag,
  urls: Urls,
  admit: Admit,
): Promise<SiteRow> {
  const reads = open.reads(repository);
  const ref = formatOne({ repository, tag });
  const { bytes, descriptor } = await namedManifest(reads, { tag }, () => open.notFound(ref));
  const manifest = parseManifest(bytes, descriptor.mediaType);
  const { config, content, provenance } = chartManifest(manifest);
  const read = async (part: Descriptor) => readVerified(await reads.blob(part), part);
  const isWanted = urls.in === "files" || algorithmOf(content.digest) !== "sha256";
  if (isWanted) await admit(content.size);
  const archive = isWanted ? await read(content) : undefined;
  const metadata =
    archive === undefined ? parseConfig(await read(config)) : (await openArchive(archive)).metadata;
  const parsed = checkedVersion(metadata, tag);
  const digest = archive === undefined ? content.digest : digestOf(archive);
  const file = archiveName(metadata);
  const files: TreeFile[] = [];
  if (urls.in === "files" && archive !== undefined) files.push({ path: file, bytes: archive });
  if (urls.in === "files" && provenance !== undefined)
    files.push({ path: `${file}.prov`, bytes: await read(provenance) });
  const url = urls.in === "files" ? `${urls.base}${urlPath(file)}` : `oci://${ref}`;
  const { name, version } = metadata;
  const created = momentOf(manifest.annotations["org.opencontainers.image.created"] ?? "");
  return {
    ref,
    name,
    version,
    parsed,
    digest,
    created,
    ...indexEntry(metadata, digest, [url]),
    files,
  };
}

/** What a repository's charts tell Artifact Hub; undefined where it is something else. */
export async function readMetadata(reads: Reads): Promise<Uint8Array | undefined> {
  const stored = await reads.manifest(repositoryMetadataTag);
  const file = stored && repositoryMetadataIn(stored);
  return file && readVerified(await reads.blob(file), file);
}

/** The version of a chart whose tag says it. */
function checkedVersion({ version }: Metadata, tag: Tag): Version {
  const parsed = tryVersion(version);
  if (parsed !== undefined && version.replaceAll("+", "_") === tag) return parsed;
  throw new ChartroomError("invalid", `it is version ${version}, which is not the tag`);
}
