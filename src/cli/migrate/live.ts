import type { Context } from "../context.ts";
import { sizeInWords, waitInWords } from "../words.ts";
import { countsOf, type Summary } from "./told.ts";

/** In ms: how often the line is drawn again. */
const interval = 200;

/** How far a migration is, in rows of its index. */
export interface Advance {
  readonly done: number;
  /** Undefined where it is not known yet. */
  readonly all: number | undefined;
}

/** The line on a terminal that says how far a migration is, drawn again and again until it is closed. */
export class LiveLine {
  readonly #context: Context;
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param now what there is to say, whenever it is asked */
  constructor(context: Context, now: () => { readonly summary: Summary; readonly advance: Advance }) {
    this.#context = context;
    const began = context.now();
    this.#timer = setInterval(() => {
      const { summary, advance } = now();
      const line = liveLineOf(summary, advance, context.now() - began);
      // One that is wrapped could not be taken away.
      context.tell(`\r\x1b[K${line.slice(0, (context.columns ?? 80) - 1)}`);
    }, interval);
  }

  /** Take the line away. */
  close(): void {
    clearInterval(this.#timer);
    this.#context.tell("\r\x1b[K");
  }
}

/** @param ms since it began */
export function liveLineOf(summary: Summary, { done, all }: Advance, ms: number): string {
  if (done === 0) return "reading the index";
  const rate = sizeInWords(Math.round((summary.bytes * 1000) / Math.max(ms, 1)));
  const left = all === undefined ? "" : `, ${waitInWords((ms * (all - done)) / done)} left`;
  return `${countsOf(summary)}, ${rate}/s${left}`;
}
