import { dirname, join } from "node:path";
import { isWhole } from "../blobs/whole.ts";
import { makeDirectory, replaceFile, syncDirectory } from "../files/durable.ts";
import { ifThere } from "../files/filesystem.ts";
import { acquire } from "../files/lock.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { algorithmOf, type Digest, hexOf } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import { artifactTypeOf, type Manifest, parseManifest } from "../oci/manifest.ts";
import type { StoredManifest } from "../oci/repository.ts";
import { readFacts } from "./charts.ts";
import { LayoutIndex, refName } from "./index.ts";
import type { Layout } from "./layout.ts";
import { digestsIn } from "./mark.ts";
import { readRows } from "./rows.ts";
import { salvageEntries } from "./salvage.ts";

/** One thing that a repair did. */
export interface Repaired {
  /** The file, digest or name that is meant. */
  readonly where: string;
  readonly message: string;
}

/**
 * Mend what can be mended without a source to read from, and say each thing done. Blobs whose bytes are not what their
 * names say are put aside. An index.json that is missing or does not parse is put aside and rebuilt: from what can still be
 * read of it, from the names that `list` remembers, and from the manifests among the blobs that nothing else names; a name
 * that is not known is not made up.
 * Nothing is freed: what is put aside lies in `ingest/quarantine`, which prune leaves alone. What is missing stays missing.
 * @throws ChartroomError `invalid` when the directory is no layout, or one of another version
 */
export async function repair(layout: Layout, signal?: AbortSignal): Promise<readonly Repaired[]> {
  if ((await ifThere(layout.fs.stat(layout.directory))) === undefined) return [];
  await using _lock = await acquire(layout.lockPath, "exclusive", { signal });
  return [
    ...(await repairMarker(layout)),
    ...(await quarantineBlobs(layout, signal)),
    ...(await rebuildIndex(layout)),
    ...(await complete(layout)),
  ];
}

async function repairMarker(layout: Layout): Promise<Repaired[]> {
  try {
    await layout.checkMarker();
    return [];
  } catch (error) {
    if (!(error instanceof ChartroomError && error.code === "not_verified")) throw error;
  }
  return [await quarantine(layout, layout.markerPath, "oci-layout", "does not parse")];
}

async function quarantineBlobs(layout: Layout, signal: AbortSignal | undefined): Promise<Repaired[]> {
  const repairs: Repaired[] = [];
  for await (const { digest } of layout.blobs.list()) {
    signal?.throwIfAborted();
    if (await isWhole(layout.blobs, digest)) continue;
    const name = `${algorithmOf(digest)}-${hexOf(digest)}`;
    const { message } = await quarantine(
      layout,
      layout.blobPath(digest),
      name,
      "its bytes are not what its name says",
    );
    repairs.push({ where: digest, message });
  }
  return repairs;
}

async function rebuildIndex(layout: Layout): Promise<Repaired[]> {
  const { indexPath: path, fs } = layout;
  const bytes = await ifThere(fs.readFile(path));
  if (bytes !== undefined && isIndex(bytes, path)) return [];
  const repairs: Repaired[] = [];
  if (bytes === undefined) repairs.push({ where: path, message: "is missing; it was rebuilt" });
  else {
    // A copy: index.json is never away, however this ends.
    const aside = await quarantinePath(layout, "index.json");
    await fs.rm(`${aside}.new`, { force: true });
    await replaceFile(fs, aside, bytes, { temporary: `${aside}.new` });
    repairs.push({ where: path, message: `does not parse; it was rebuilt, and is kept as ${aside}` });
  }
  const { entries } = LayoutIndex.of(salvageEntries(new TextDecoder().decode(bytes)));
  const salvaged = entries.filter(({ descriptor }) => descriptor !== undefined);
  for (const { name, descriptor } of salvaged)
    repairs.push({ where: name ?? `${descriptor?.digest}`, message: "could still be read in it" });
  const remembered = await rememberedEntries(layout, new Set(salvaged.map(({ name }) => name)));
  for (const { name, raw } of remembered)
    repairs.push({ where: name, message: `${raw.digest} had that name when it was last listed` });
  let index = LayoutIndex.of([...salvaged, ...remembered].map(({ raw }) => raw));
  for (const root of await unnamedRoots(layout, index)) {
    index = index.withUnnamed(root.descriptor, root.artifactType);
    const says =
      "no name of it is known; it is listed by its digest, and `chartroom copy store:@DIGEST store:REF` names it";
    repairs.push({ where: root.descriptor.digest, message: `${await factsInWords(layout, root)}${says}` });
  }
  await layout.replaceIndex(index);
  return repairs;
}

/** Entries that `list` remembers, of names that could not be read and manifests that are there. */
async function rememberedEntries(layout: Layout, known: ReadonlySet<string | undefined>) {
  const entries: { name: string; raw: Descriptor }[] = [];
  for (const { name, descriptor } of (await readRows(layout)).rows)
    if (!known.has(name) && (await layout.blobs.stat(descriptor.digest)) === descriptor.size)
      entries.push({ name, raw: { ...descriptor, annotations: { [refName]: name } } });
  return entries;
}

function isIndex(bytes: Uint8Array, path: string): boolean {
  try {
    LayoutIndex.parse(bytes, path);
    return true;
  } catch (error) {
    if (error instanceof ChartroomError) return false;
    throw error;
  }
}

/** A manifest that nothing leads to, and the artifact type to list it with. */
interface Root extends StoredManifest {
  readonly artifactType: string | undefined;
}

/** Manifests among the blobs that neither the index nor another manifest mentions. */
async function unnamedRoots(layout: Layout, index: LayoutIndex): Promise<Root[]> {
  const mentioned = new Set<Digest>(index.entries.flatMap(({ descriptor }) => descriptor?.digest ?? []));
  const manifests: Root[] = [];
  for await (const { digest } of layout.blobs.list()) {
    const stored = await layout.manifest(digest);
    if (stored === undefined) continue;
    const manifest = tryManifest(stored);
    if (manifest === undefined) continue;
    manifests.push({ ...stored, artifactType: artifactTypeOf(manifest) });
    const { subject: _, ...document } = JSON.parse(new TextDecoder().decode(stored.bytes));
    // A subject is no child: whether something names it is not said by who refers to it.
    for (const each of digestsIn(document)) mentioned.add(each);
  }
  return manifests.filter(({ descriptor }) => !mentioned.has(descriptor.digest));
}

function tryManifest({ bytes, descriptor }: StoredManifest): Manifest | undefined {
  try {
    return parseManifest(bytes, descriptor.mediaType);
  } catch (error) {
    if (error instanceof ChartroomError) return undefined; // some other JSON
    throw error;
  }
}

/** `mychart 0.1.0: ` for a chart, so that its owner knows it again; nothing for what is none. */
async function factsInWords(layout: Layout, { descriptor }: StoredManifest): Promise<string> {
  try {
    const { name, version } = await readFacts(layout, descriptor);
    return `${name} ${version}: `;
  } catch (error) {
    if (error instanceof ChartroomError) return "";
    throw error;
  }
}

async function complete(layout: Layout): Promise<Repaired[]> {
  const marked = (await ifThere(layout.fs.stat(layout.markerPath))) !== undefined;
  await layout.complete();
  return marked ? [] : [{ where: layout.markerPath, message: "was missing; it was written" }];
}

/** Put a file of the layout aside. */
async function quarantine(layout: Layout, path: string, name: string, why: string): Promise<Repaired> {
  const aside = await quarantinePath(layout, name);
  await layout.fs.rename(path, aside);
  for (const directory of [dirname(aside), dirname(path)]) await syncDirectory(layout.fs, directory);
  return { where: path, message: `${why}; it was put aside as ${aside}` };
}

/** A free path in the quarantine: in the layout itself, so in its file system, and a directory, so nothing that prune frees. */
async function quarantinePath(layout: Layout, name: string): Promise<string> {
  const directory = join(layout.ingestPath, "quarantine");
  await makeDirectory(layout.fs, directory);
  let path = join(directory, name);
  for (let count = 1; (await ifThere(layout.fs.stat(path))) !== undefined; count++)
    path = join(directory, `${name}.${count}`);
  return path;
}
