import type { Failure, Outcome, Status } from "../../migrate/outcome.ts";
import type { LeftOut } from "../../migrate/plan.ts";
import type { Context } from "../context.ts";
import { forPeople, print } from "../output.ts";
import { cellOf, countOf, sizeInWords, tableOf } from "../words.ts";
import type { MigrateOptions } from "./options.ts";

/** What is said of a chart's version, whatever became of it. */
interface Told {
  readonly chart: string;
  readonly version: string;
  readonly status: Status;
  readonly notes: readonly string[];
  readonly error?: Failure;
  readonly ref?: string;
  readonly digest?: string | undefined;
  readonly size?: number | undefined;
  readonly manifest?: string | undefined;
}

const words: Record<Status, string> = {
  moved: "migrated",
  planned: "to migrate",
  exists: "already there",
  verified: "verified",
  skipped: "left out",
  conflict: "in conflict",
  failed: "failed",
};

/** How many hints are given; hundreds that fail mostly fail alike. */
const hintsTold = 5;

/** In ms: how often the line on a terminal is drawn again. */
const interval = 200;

/**
 * What a migration tells: a line for each chart, or on a terminal one live line and what needs attention; at the end a table
 * of that, and counts. Only what needs attention is held, but for `-o json`, which has it all.
 */
export class Report {
  readonly #prefix: string;
  readonly #options: MigrateOptions;
  readonly #context: Context;
  readonly #counts = new Map<Status, number>();
  readonly #renamed = new Map<string, string>();
  readonly #told: Told[] = [];
  readonly #hints = new Set<string>();
  readonly #began: number;
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #filtered = 0;
  #bytes = 0;

  constructor(prefix: string, options: MigrateOptions, context: Context) {
    this.#prefix = prefix;
    this.#options = options;
    this.#context = context;
    this.#began = context.now();
    const isLive = forPeople(options) && context.terminal.stderr && options.progress !== false;
    this.#timer = isLive ? setInterval(() => this.#draw(), interval) : undefined;
  }

  outcome({ step, status, tag, archive, size, manifest, error, notes }: Outcome): void {
    const { row, repository } = step;
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

  failed(chart: string, error: Failure): void {
    this.#add({ chart, version: "", status: "failed", notes: [], error });
  }

  filtered(count: number): void {
    this.#filtered += count;
  }

  /** Take the live line away. */
  close(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#context.tell("\r\x1b[K");
  }

  /** Print the end of it, where there was anything. Gives how many failed, and how many there were. */
  end(source: string): { failed: number; all: number } {
    const all = [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
    if (all + this.#filtered > 0) this.#print(source);
    return { failed: this.#count("failed") + this.#count("conflict"), all: all + this.#filtered };
  }

  #print(source: string): void {
    const troubled = this.#told.filter(isTroubled);
    const rows = troubled.map((each) => [each.chart, each.version, words[each.status], reasonOf(each)]);
    const renamed = [...this.#renamed].map(([from, to]) => `${cellOf(from)} is called ${to}\n`);
    print(this.#context, this.#options, {
      text: [
        rows.length === 0 ? "" : tableOf([["CHART", "VERSION", "STATUS", "WHY"], ...rows]),
        ...renamed,
        ...[...this.#hints].map((hint) => `Hint: ${cellOf(hint)}\n`),
        `${this.#summary()}\n`,
      ].join(""),
      json: {
        source,
        target: this.#prefix,
        counts: { ...Object.fromEntries(this.#counts), filtered: this.#filtered },
        bytes: this.#bytes,
        renamed: Object.fromEntries(this.#renamed),
        charts: this.#told.map(({ error, ...each }) => ({
          ...each,
          error: error ? shownError(error) : null,
        })),
      },
      quiet: undefined,
    });
  }

  #add(told: Told): void {
    this.#counts.set(told.status, this.#count(told.status) + 1);
    if (this.#options.output === "json" || isTroubled(told)) this.#told.push(told);
    const { hint } = told.error ?? {};
    if (hint !== undefined && this.#hints.size < hintsTold) this.#hints.add(hint);
    if (this.#timer !== undefined || !forPeople(this.#options)) return;
    const reason = reasonOf(told);
    const name = told.ref ?? [told.chart, told.version].filter((part) => part !== "").join(" ");
    this.#context.write(`${cellOf(`${name}: ${words[told.status]}${reason === "" ? "" : `, ${reason}`}`)}\n`);
  }

  #count(status: Status): number {
    return this.#counts.get(status) ?? 0;
  }

  #summary(): string {
    const counted = (Object.keys(words) as Status[])
      .filter((status) => this.#counts.has(status))
      .map((status) => `${this.#count(status)} ${words[status]}`);
    if (counted.length === 0) counted.push("no charts");
    const size = this.#bytes > 0 ? ` (${sizeInWords(this.#bytes)})` : "";
    const filtered = this.#filtered > 0 ? `; ${countOf(this.#filtered, "version")} not asked for` : "";
    return counted.join(", ") + size + filtered;
  }

  #draw(): void {
    const seconds = Math.max(0.001, (this.#context.now() - this.#began) / 1000);
    const rate = sizeInWords(Math.round(this.#bytes / seconds));
    this.#context.tell(`\r\x1b[K${this.#summary()}, ${rate}/s`);
  }
}

/** An error as `-o json` has it. */
const shownError = ({ code, message, hint }: Failure) => ({ code, message, hint: hint ?? null });

const isTroubled = ({ status, notes }: Told): boolean =>
  ["failed", "conflict", "skipped"].includes(status) || notes.length > 0;

const reasonOf = ({ error, notes }: Told): string => error?.message ?? notes.join("; ");
