import type { Context } from "../context.ts";
import { jsonText } from "../output.ts";
import { jsonOf, jsonRowOf, type Summary, type Told } from "./told.ts";

/**
 * The object that `-o json` prints of a migration, written as it comes: an index of a hundred thousand versions has as many rows,
 * and they are not held. So `charts` comes before what is known at the end.
 */
export class JsonReport {
  readonly #context: Context;
  readonly #ends: Pick<Summary, "source" | "target">;
  #begun = false;

  constructor(context: Context, ends: Pick<Summary, "source" | "target">) {
    this.#context = context;
    this.#ends = ends;
  }

  row(told: Told): void {
    const { source, target } = this.#ends;
    const before = this.#begun
      ? ","
      : `${jsonText({ source, target }).slice(0, -"\n}".length)},\n  "charts": [`;
    this.#begun = true;
    this.#context.write(`${before}\n${jsonText(jsonRowOf(told)).replace(/^/gm, "    ")}`);
  }

  /** Who is stopped leaves a whole object, too, if it has begun one. */
  stop(summary: Summary): void {
    if (this.#begun) this.end({ ...summary, stopped: true });
  }

  /** @param summary whose rows, where there are any, were written */
  end(summary: Summary): void {
    if (!this.#begun) {
      this.#context.write(`${jsonText(jsonOf(summary))}\n`);
      return;
    }
    const { source: _, target: __, charts: ___, ...rest } = jsonOf(summary);
    this.#context.write(`\n  ],${jsonText(rest).slice("{".length)}\n`);
  }
}
