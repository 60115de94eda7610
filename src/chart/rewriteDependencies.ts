import { gzipSync } from "fflate/browser";
import { isMap, isScalar, isSeq, parseDocument } from "yaml";
import { digestOf } from "../oci/digest.ts";
import { ChartroomError } from "../oci/errors.ts";
import type { ChartArchive } from "./archive/archive.ts";
import type { ChartFile } from "./archive/files.ts";
import { writeTar } from "./archive/tarWriter.ts";
import { parseMetadata } from "./chartYaml.ts";
import { dependencyStruct } from "./config.ts";
import { Fields } from "./fields.ts";
import { goJson } from "./go/json.ts";
import { parseGoYaml } from "./go/yaml.ts";
import { type Dependency, readDependencies } from "./metadata.ts";

/** Gives another repository for a dependency; undefined leaves it as it is. */
export type Renaming = (dependency: Pick<Dependency, "name" | "repository">) => string | undefined;

/** Where charts name their dependencies, and where `helm dependency update` notes what it took (apiVersion v2, and v1). */
const named = new Set(["Chart.yaml", "requirements.yaml"]);
const locks = new Set(["Chart.lock", "requirements.lock"]);

/**
 * A chart whose dependencies are in other repositories, packed anew as `packChart` packs. Only the repositories' names change in
 * its files, and a lock's digest, where it was right before.
 * @returns undefined when none of its dependencies changes
 * @throws ChartroomError `invalid` when a name stands where it cannot be changed, as behind an anchor of another document
 */
export function rewriteDependencies(
  { metadata, files }: ChartArchive,
  renaming: Renaming,
): (ChartArchive & { readonly archive: Uint8Array }) | undefined {
  const renamed = metadata.dependencies.map((each) => {
    const repository = renaming(each);
    return repository === undefined ? each : { ...each, repository };
  });
  if (renamed.every((each, i) => each === metadata.dependencies[i])) return undefined;
  const changed = files.map((file): ChartFile => {
    if (named.has(file.path)) return { ...file, bytes: edited(file, renaming) };
    if (locks.has(file.path))
      return { ...file, bytes: relocked(file, metadata.dependencies, renamed, renaming) };
    return file;
  });
  const bytesOf = (path: string) => changed.find((file) => file.path === path)?.bytes;
  const after = parseMetadata(bytesOf("Chart.yaml") ?? new Uint8Array(), bytesOf("requirements.yaml"));
  if (JSON.stringify(after.dependencies) !== JSON.stringify(renamed))
    throw new ChartroomError("invalid", `Cannot rewrite the dependencies of ${metadata.name}`, {
      hint: "Their repositories are written in a way that cannot be changed in place.",
    });
  const tar = writeTar(changed.map(({ path, bytes }) => ({ name: `${metadata.name}/${path}`, bytes })));
  return { archive: gzipSync(tar, { level: 6, mtime: 0 }), metadata: after, files: changed };
}

/** A file with other repositories in it; all else of it stays to the byte. */
function edited({ path, bytes }: ChartFile, renaming: Renaming): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  const list = parseDocument(text, { logLevel: "silent" }).get("dependencies");
  const edits: { from: number; to: number; text: string }[] = [];
  for (const item of isSeq(list) ? list.items : []) {
    const node: unknown = isMap(item) ? item.get("repository", true) : undefined;
    if (!isMap(item) || !isScalar(node) || !node.range) continue;
    const repository = renaming({ name: String(item.get("name")), repository: String(node.value) });
    const [from, to] = node.range;
    if (repository !== undefined) edits.push({ from, to, text: JSON.stringify(repository) });
  }
  if (edits.length === 0 && path === "Chart.yaml") return bytes;
  let result = text;
  for (const edit of edits.reverse()) result = result.slice(0, edit.from) + edit.text + result.slice(edit.to);
  return new TextEncoder().encode(result);
}

/** A lock says by its digest what it is a lock of; Helm builds from none that says another (helm `internal/resolver`, `HashReq`). */
function relocked(
  file: ChartFile,
  before: readonly Dependency[],
  after: readonly Dependency[],
  renaming: Renaming,
): Uint8Array {
  const bytes = edited(file, renaming);
  const hash = (wanted: readonly Dependency[], lock: Uint8Array) =>
    digestOf(goJson([wanted, lockedIn(lock, file.path)].map((list) => list.map(dependencyStruct))));
  const text = new TextDecoder().decode(bytes);
  return new TextEncoder().encode(text.replace(hash(before, file.bytes), hash(after, bytes)));
}

const lockedIn = (bytes: Uint8Array, name: string): readonly Dependency[] =>
  readDependencies(new Fields(parseGoYaml(bytes, name), name));
