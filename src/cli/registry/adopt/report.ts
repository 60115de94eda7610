import { type Counts, noCounts } from "../../../adopt/adoption.ts";
import type { Finding, Status } from "../../../adopt/finding.ts";
import type { Context, GlobalOptions } from "../../context.ts";
import { forPeople, print } from "../../output.ts";
import { countOf, sizeInWords, tableOf } from "../../words.ts";

const words: Record<Status, string> = {
  failed: "failed",
  conflict: "in conflict",
  incomplete: "incomplete",
  "left-out": "left out",
};

/** In ms: how often the line on a terminal is drawn again. */
const interval = 200;
/** So many findings are held and told; a directory that is ruined has more than anyone reads. */
const told = 10_000;

/** What an adoption tells: on a terminal one live line, at the end a table of what needs attention, and counts. */
export class Report {
  readonly counts: Counts = noCounts();
  readonly #options: GlobalOptions;
  readonly #context: Context;
  readonly #findings: Finding[] = [];
  readonly #tally = new Map<Status, number>();
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: GlobalOptions, context: Context) {
    this.#options = options;
    this.#context = context;
    const isLive = forPeople(options) && context.terminal.stderr && options.progress !== false;
    this.#timer = isLive
      ? setInterval(() => context.tell(`\r\x1b[K${this.#adopted()}`), interval)
      : undefined;
  }

  readonly found = (finding: Finding): void => {
    this.#tally.set(finding.status, this.count(finding.status) + 1);
    if (this.#findings.length < told) this.#findings.push(finding);
  };

  count(status: Status): number {
    return this.#tally.get(status) ?? 0;
  }

  /** Take the live line away. */
  close(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#context.tell("\r\x1b[K");
  }

  /** Print the end of it. */
  end(about: { readonly source: string; readonly data: string; readonly dryRun: boolean }): void {
    const rows = this.#findings.map(({ status, repository = "", what, why }) => [
      repository,
      what,
      words[status],
      why,
    ]);
    const untold = [...this.#tally.values()].reduce((sum, count) => sum + count, 0) - rows.length;
    print(this.#context, this.#options, {
      text: [
        rows.length === 0 ? "" : tableOf([["REPOSITORY", "WHAT", "STATUS", "WHY"], ...rows]),
        untold === 0 ? "" : `and ${untold} more\n`,
        this.counts.stale === 0
          ? ""
          : `${countOf(this.counts.stale, "link")} to blobs that were collected there\n`,
        `${this.#adopted()} ${about.dryRun ? "to adopt" : "adopted"}${this.#present()}\n`,
      ].join(""),
      json: {
        ...about,
        counts: this.counts,
        findings: this.#findings.map(({ status, repository = null, what, why }) => ({
          status,
          repository,
          what,
          why,
        })),
        untold,
      },
      quiet: undefined,
    });
  }

  #adopted(): string {
    const { repositories, blobs, manifests, tags, bytes } = this.counts;
    const size = bytes === 0 ? "" : ` (${sizeInWords(bytes)})`;
    const parts = [
      `${countOf(blobs.adopted, "blob")}${size}`,
      countOf(manifests.adopted, "manifest"),
      countOf(tags.adopted, "tag"),
    ];
    const names = repositories === 1 ? "1 repository" : `${repositories} repositories`;
    return `${names}: ${parts.join(", ")}`;
  }

  #present(): string {
    const { blobs, manifests, tags } = this.counts;
    if (blobs.present + manifests.present + tags.present === 0) return "";
    const parts = [
      countOf(blobs.present, "blob"),
      countOf(manifests.present, "manifest"),
      countOf(tags.present, "tag"),
    ];
    return `; ${parts.join(", ")} already there`;
  }
}
