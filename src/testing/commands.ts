import type { Catalog } from "../catalog/catalog.ts";
import type { Command, LinkBlob, Outcome, PutManifest } from "../catalog/command.ts";
import type { Occasion } from "../catalog/occasion.ts";
import { artifactTypeOf, blobsOf, manifestsOf, parseManifest } from "../oci/manifest.ts";
import { parseTag, type RepositoryName, tryRepositoryName } from "../oci/reference.ts";
import type { Expected } from "../oci/repository.ts";
import { type Artifact, blobOf, type Content, imageOf } from "./artifacts.ts";

/** A repository's name that is known to parse. */
export function nameOf(text: string): RepositoryName {
  const name = tryRepositoryName(text);
  if (name === undefined) throw new Error(`no repository name: ${text}`);
  return name;
}

/** Two repositories, and two manifests for them. */
export const [here, there] = [nameOf("charts/here"), nameOf("charts/there")];
export const [one, two] = [imageOf([blobOf("one")]), imageOf([blobOf("two")])];

/** Apply commands one after the other. */
export async function applyAll(catalog: Catalog, commands: readonly Command[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const command of commands) outcomes.push(await catalog.apply(command));
  return outcomes;
}

/** The command that makes a blob part of a repository. */
export const linkBlob = (repository: RepositoryName, { descriptor }: Content, upload?: string): LinkBlob => ({
  kind: "link-blob",
  repository,
  digest: descriptor.digest,
  size: descriptor.size,
  burials: 0,
  upload,
  at: 1,
});

/** The command that stores a manifest, with all that follows from its bytes. */
export function putManifest(
  repository: RepositoryName,
  { descriptor, bytes }: Content,
  tags: readonly string[] = [],
  expect: Expected = "any",
): PutManifest {
  const manifest = parseManifest(bytes, descriptor.mediaType);
  return {
    kind: "put-manifest",
    repository,
    descriptor,
    bytes,
    tags: tags.map(parseTag),
    expect,
    blobs: blobsOf(manifest),
    optional: [],
    manifests: manifestsOf(manifest),
    subject: manifest.subject?.digest,
    artifactType: artifactTypeOf(manifest),
    annotations: manifest.annotations,
    at: 1,
  };
}

/** The commands that push an artifact whole, children first. */
export const pushCommands = (
  repository: RepositoryName,
  artifact: Artifact,
  tags: readonly string[] = [],
  expect: Expected = "any",
): (LinkBlob | PutManifest)[] => [
  ...artifact.children.flatMap((child) => pushCommands(repository, child)),
  ...artifact.blobs.map((blob) => linkBlob(repository, blob)),
  putManifest(repository, artifact, tags, expect),
];

/** A request that commands may come from. */
export const occasion: Occasion = {
  id: "5f4880c7-3abb-47e2-b7a8-dbcba254cbd9",
  at: Date.UTC(2026, 10, 26),
  base: "http://registry.example",
  request: { id: "run-1", addr: "192.0.2.7", host: "registry.example", method: "PUT", useragent: "client/1" },
  actor: { name: "ann" },
  source: { addr: "here:5000", instanceID: "run" },
};
