import { type Descriptor, parseDescriptor } from "../oci/descriptor.ts";
import { ChartroomError } from "../oci/errors.ts";
import { isObject, type JsonObject, jsonBytes, parseJsonObject } from "../oci/json.ts";
import { mediaTypes } from "../oci/mediaTypes.ts";

/** The annotation that names an entry of index.json (image-spec annotations.md). Ours hold the whole reference. */
export const refName = "org.opencontainers.image.ref.name";

/** An entry of index.json: what it says, and its own text, kept as it is. */
export interface IndexEntry {
  /** Undefined for an entry that has no name: a referrer, or another tool's. */
  readonly name: string | undefined;
  /** Undefined when the entry is no descriptor that we can follow. */
  readonly descriptor: Descriptor | undefined;
  readonly raw: unknown;
}

/** index.json as a value. Entries and members that we do not know stay as they are through every change. */
export class LayoutIndex {
  readonly entries: readonly IndexEntry[];
  readonly #rest: JsonObject;

  private constructor(rest: JsonObject, entries: readonly IndexEntry[]) {
    this.#rest = rest;
    this.entries = entries;
  }

  static readonly empty = LayoutIndex.of([]);

  /** An index of these entries, as they stand in JSON. */
  static of(entries: readonly unknown[]): LayoutIndex {
    return new LayoutIndex({ schemaVersion: 2, mediaType: mediaTypes.index }, entries.map(entryOf));
  }

  /**
   * @param path names the file in errors
   * @throws ChartroomError `not_verified` when it is no image index; nothing may then be written over it
   */
  static parse(bytes: Uint8Array, path: string): LayoutIndex {
    const refuse = (why: string, cause?: unknown) =>
      new ChartroomError("not_verified", `Cannot read ${path}: ${why}`, {
        hint: "It was left as it is. Put back a good copy, or `chartroom chart check --repair` rebuilds what it can.",
        cause,
      });
    let document: JsonObject;
    try {
      document = parseJsonObject(bytes, path);
    } catch (cause) {
      throw refuse("it is not a JSON object", cause);
    }
    const { manifests = null } = document;
    if (document.schemaVersion !== 2) throw refuse("its schemaVersion is not 2");
    // Go writes an empty list as null (oras-go after its last delete).
    if (manifests !== null && !Array.isArray(manifests)) throw refuse("its manifests are not a list");
    return new LayoutIndex(document, (manifests ?? []).map(entryOf));
  }

  /** Entries that have a name, sorted by it. Of several with one name the last counts, as the newest. */
  named(): (IndexEntry & { name: string })[] {
    const byName = new Map<string, IndexEntry & { name: string }>();
    for (const entry of this.entries) if (isNamed(entry)) byName.set(entry.name, entry);
    return [...byName.values()].sort((a, b) => order(a.name, b.name));
  }

  /** The entry of this exact name. */
  get(name: string): IndexEntry | undefined {
    return this.entries.findLast((entry) => entry.name === name);
  }

  /**
   * With `name` pointing at a manifest; whatever had that name no longer has it. The same index when it does already, with
   * the right size and type: an entry that says them wrong is mended.
   */
  with(name: string, { mediaType, digest, size }: Descriptor): LayoutIndex {
    const [same, another] = this.entries.filter((each) => each.name === name);
    const held = same?.descriptor;
    const right = held?.digest === digest && held.size === size && held.mediaType === mediaType;
    if (right && another === undefined) return this;
    const entry = entryOf({ mediaType, digest, size, annotations: { [refName]: name } });
    return new LayoutIndex(this.#rest, [...this.entries.filter((each) => each.name !== name), entry]);
  }

  /** With an entry that has no name: how a layout lists a referrer, of this artifact type. */
  withUnnamed({ mediaType, digest, size }: Descriptor, artifactType: string | undefined): LayoutIndex {
    if (this.entries.some((entry) => entry.descriptor?.digest === digest)) return this;
    return new LayoutIndex(this.#rest, [...this.entries, entryOf({ mediaType, digest, size, artifactType })]);
  }

  /** Without the entries that `goes` is true of. The same index when there are none. */
  without(goes: (entry: IndexEntry) => boolean): LayoutIndex {
    const rest = this.entries.filter((entry) => !goes(entry));
    return rest.length === this.entries.length ? this : new LayoutIndex(this.#rest, rest);
  }

  /** Compact JSON, entries sorted by name and digest: the same content is the same file. */
  bytes(): Uint8Array {
    const sorted = this.entries.toSorted(
      (a, b) =>
        order(a.name ?? "", b.name ?? "") || order(a.descriptor?.digest ?? "", b.descriptor?.digest ?? ""),
    );
    const { schemaVersion, mediaType: _, manifests: __, ...rest } = this.#rest;
    const manifests = sorted.map(({ raw }) => raw);
    return jsonBytes({ schemaVersion, mediaType: mediaTypes.index, manifests, ...rest });
  }
}

const isNamed = (entry: IndexEntry): entry is IndexEntry & { name: string } => entry.name !== undefined;

/** Names in order of their UTF-16 units; for the names that our grammar knows that is the order of their bytes. */
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function entryOf(raw: unknown): IndexEntry {
  const annotations = isObject(raw) && isObject(raw.annotations) ? raw.annotations : {};
  const name = annotations[refName];
  return {
    name: typeof name === "string" && name !== "" ? name : undefined,
    descriptor: tryDescriptor(raw),
    raw,
  };
}

function tryDescriptor(raw: unknown): Descriptor | undefined {
  try {
    return parseDescriptor(raw, "of index.json");
  } catch {
    return undefined; // a digest of another algorithm, a fault of another tool's: kept, and named by `check`
  }
}
