import { compareVersions } from "../../chart/version.ts";
import { type Digest, digestOf } from "../../oci/digest.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { type Form, writing } from "../../registry/classic/form.ts";
import type { IndexedVersion, SiteRow } from "./rows.ts";

/** The versions of an index that is being made; each is there once. */
export class SiteIndex {
  readonly #rows = new Map<string, IndexedVersion & { readonly ref?: string }>();
  readonly #metadata = new Map<Digest, Uint8Array>();

  /**
   * Add a version that was found.
   * @returns whether it is new
   * @throws ChartroomError `conflict` when another archive is called the same
   */
  add({ files: _, ...row }: SiteRow): boolean {
    const other = this.#rows.get(keyOf(row));
    if (other !== undefined && other.digest !== row.digest)
      throw new ChartroomError(
        "conflict",
        `Two charts are called ${keyOf(row)}: ${other.ref} and ${row.ref}`,
        { hint: "An index has one: give a longer prefix, or move an archive away." },
      );
    // Whichever was read first: the same again is the same.
    if (other?.ref === undefined || row.ref < other.ref) this.#rows.set(keyOf(row), row);
    return other === undefined;
  }

  /** Keep a version of an older index. What was found counts more; the same archive keeps its older date. */
  merge(kept: IndexedVersion): void {
    const key = keyOf(kept);
    const found = this.#rows.get(key);
    if (found === undefined) this.#rows.set(key, kept);
    else if (found.digest === kept.digest && kept.created !== undefined)
      this.#rows.set(key, { ...found, created: kept.created });
  }

  /** Take what a repository's charts tell Artifact Hub. */
  tell(metadata: Uint8Array | undefined): void {
    if (metadata !== undefined) this.#metadata.set(digestOf(metadata), metadata);
  }

  /** What they tell, each text once. */
  get metadata(): readonly Uint8Array[] {
    return [...this.#metadata.values()];
  }

  get charts(): number {
    return new Set([...this.#rows.values()].map(({ name }) => name)).size;
  }

  get versions(): number {
    return this.#rows.size;
  }

  /** The whole of it: charts by name, each one's versions newest first. */
  write(form: Form): string {
    const { head, entries, tail } = writing[form];
    const rows = [...this.#rows.values()];
    const frame = {
      empty: rows.length === 0,
      generated: rows.reduce((latest, { created = 0 }) => Math.max(latest, created), 0),
      contextPath: undefined,
    };
    const texts = [...Map.groupBy(rows, ({ name }) => name)]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, versions]) =>
        entries(
          name,
          versions.toSorted(newestFirst).map((each) => ({ text: each[form], created: each.created })),
          true,
          true,
        ),
      );
    return head(frame) + texts.join(form === "json" ? "," : "") + tail(frame);
  }
}

const keyOf = ({ name, version }: Pick<IndexedVersion, "name" | "version">): string => `${name} ${version}`;

const newestFirst = (a: IndexedVersion, b: IndexedVersion): number =>
  compareVersions(b.parsed, a.parsed) || (a.version < b.version ? -1 : 1);
