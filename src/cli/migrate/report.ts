import { repositoryMetadataFile, repositoryMetadataTag } from "../../chart/repositoryMetadata.ts";
import type { Brought } from "../../migrate/journal.ts";
import type { Failure, Outcome, Status } from "../../migrate/outcome.ts";
import type { LeftOut } from "../../migrate/plan.ts";
import type { RepositoryName } from "../../oci/reference.ts";
import type { Context } from "../context.ts";
import { forPeople, print } from "../output.ts";
import { cellOf, countOf, tableOf } from "../words.ts";
import { JsonReport } from "./jsonReport.ts";
import { type Advance, LiveLine } from "./live.ts";
import type { MigrateOptions } from "./options.ts";
import { PageCharts } from "./pageCharts.ts";
import { countsOf, isTroubled, reasonOf, remarksOf, type Summary, type Told, words } from "./told.ts";

/** How many hints are given; hundreds that fail mostly fail alike. */
const hintsTold = 5;

/**
 * What a migration tells: a line for each chart, or on a terminal one live line and what needs attention; at the end a table
 * of that, and counts. Only what needs attention is held; `--report` has it all, on its page.
 */
export class Report {
  /** What `--report` shows. */
  readonly page: PageCharts | undefined;
  readonly #source: string;
  readonly #prefix: string;
  readonly #options: MigrateOptions;
  readonly #context: Context;
  readonly #counts = new Map<Status, number>();
  readonly #renamed = new Map<string, string>();
  readonly #unranged = new Map<string, number>();
  readonly #dependents = new Map<string, number>();
  readonly #told: Told[] = [];
  readonly #hints = new Set<string>();
  readonly #metadata = new Set<string>();
  readonly #withoutMetadata = new Set<string>();
  readonly #live: LiveLine | undefined;
  readonly #json: JsonReport | undefined;
  #filtered = 0;
  #bytes = 0;

  /**
   * @param source without what may be secret in it
   * @param prefix what the target's repositories begin with
   * @param advance how far it is
   */
  constructor(
    source: string,
    prefix: string,
    options: MigrateOptions,
    context: Context,
    advance: () => Advance,
  ) {
    this.#source = source;
    this.#prefix = prefix;
    this.#options = options;
    this.page = options.report === undefined ? undefined : new PageCharts();
    this.#context = context;
    this.#json = options.output === "json" ? new JsonReport(context, { source, target: prefix }) : undefined;
    const isLive = forPeople(options) && context.terminal.stderr && options.progress !== false;
    this.#live = isLive
      ? new LiveLine(context, () => ({ summary: this.summary(), advance: advance() }))
      : undefined;
  }

  outcome({ step, status, tag, archive, size, manifest, error, notes, dependsOnSource }: Outcome): void {
    const { row, repository } = step;
    if (step.plainTag !== undefined && step.plainTag !== tag && !this.#options.plainTags)
      raise(this.#unranged, row.name);
    if (dependsOnSource) raise(this.#dependents, row.name);
    if (repository !== row.name) this.#renamed.set(row.name, repository);
    if (status === "moved" || status === "planned" || status === "verified") this.#bytes += size ?? 0;
    const ref = `${this.#prefix}${repository}:${tag}`;
    const about = { chart: row.name, version: row.version, status, notes };
    this.#add({ ...about, ...(error && { error }), ref, digest: archive, size, manifest });
    if (this.#options.quiet && status === "moved")
      this.#context.write(`${this.#prefix}${repository}@${manifest}\n`);
  }

  leftOut({ row, why }: LeftOut): void {
    this.#add({ chart: row.name, version: row.version, status: "skipped", notes: [why] });
  }

  failed(chart: string, { code, message, hint }: Failure): void {
    // Its words alone: an error has a stack and a cause, and there may be as many as an index has entries.
    this.#add({ chart, version: "", status: "failed", notes: [], error: { code, message, hint } });
  }

  /** Where a repository got what its source tells Artifact Hub. */
  metadata(repository: RepositoryName): void {
    this.#metadata.add(`${this.#prefix}${repository}:${repositoryMetadataTag}`);
  }

  /** Told once for each reason. A page in its place is no failure: many servers have one for all that they have not. */
  withoutMetadata(chart: string, error: Failure): void {
    if (this.#withoutMetadata.has(error.message)) return;
    this.#withoutMetadata.add(error.message);
    const about = { chart, version: repositoryMetadataTag };
    if (error.code === "invalid") this.#add({ ...about, status: "skipped", notes: [error.message] });
    else this.#add({ ...about, status: "failed", notes: [], error });
  }

  filtered(count: number): void {
    this.#filtered += count;
  }

  gone({ chart, version, place }: Brought): void {
    const notes = [`left at ${this.#prefix}${place}`];
    this.#add({ chart, version, status: "gone", notes });
  }

  /** Take the live line away. */
  close(): void {
    this.#live?.close();
  }

  /** All of it, once it has ended. */
  summary(): Summary {
    return {
      source: this.#source,
      target: this.#prefix,
      counts: Object.fromEntries(this.#counts),
      filtered: this.#filtered,
      bytes: this.#bytes,
      renamed: Object.fromEntries(this.#renamed),
      unranged: Object.fromEntries(this.#unranged),
      dependents: Object.fromEntries(this.#dependents),
      metadata: [...this.#metadata],
      charts: this.#told,
      hints: [...this.#hints],
    };
  }

  /** The user has stopped it: what is read by programs is whole nevertheless. */
  stop(): void {
    this.#json?.stop(this.summary());
  }

  print(): void {
    if (this.#json !== undefined) {
      this.#json.end({ ...this.summary(), charts: [] });
      return;
    }
    const rows = this.#told.map((each) => [each.chart, each.version, words[each.status], reasonOf(each)]);
    print(this.#context, this.#options, {
      text: [
        rows.length === 0 ? "" : tableOf([["CHART", "VERSION", "STATUS", "WHY"], ...rows]),
        ...remarksOf(this.summary()).map((remark) => `${cellOf(remark)}\n`),
        metadataOf(this.summary()),
        ...[...this.#hints].map((hint) => `Hint: ${cellOf(hint)}\n`),
        `${countsOf(this.summary())}\n`,
      ].join(""),
      json: undefined,
      quiet: undefined,
    });
  }

  #add(told: Told): void {
    raise(this.#counts, told.status);
    this.#json?.row(told);
    this.page?.add(told);
    if (isTroubled(told)) this.#told.push(told);
    const { hint } = told.error ?? {};
    if (hint !== undefined && this.#hints.size < hintsTold) this.#hints.add(hint);
    if (this.#live !== undefined || !forPeople(this.#options)) return;
    const reason = reasonOf(told);
    const name = told.ref ?? [told.chart, told.version].filter((part) => part !== "").join(" ");
    this.#context.write(`${cellOf(`${name}: ${words[told.status]}${reason === "" ? "" : `, ${reason}`}`)}\n`);
  }
}

function raise<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

const metadataOf = ({ metadata }: Summary): string =>
  metadata.length === 0 ? "" : `${repositoryMetadataFile} for ${countOf(metadata.length, "chart")}\n`;
