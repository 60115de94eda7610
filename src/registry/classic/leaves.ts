import { type Form, writing } from "./form.ts";
import type { Leaf } from "./leaf.ts";
import { joined, type Section, sectionOf } from "./section.ts";

/** All leaves of a chart, newest first, as they are until it changes. */
export class Leaves {
  readonly all: readonly Leaf[];
  /** When the latest version came, ms since 1970. */
  readonly newest: number;
  readonly #sections = new Map<Form, Section>();

  constructor(all: readonly Leaf[]) {
    this.all = all;
    this.newest = Math.max(...all.map(({ newest }) => newest));
  }

  /** Those whose parts are not made; asked of a chart that is summed up, it costs nothing. */
  lacking(form: Form): Leaf[] {
    return this.#sections.has(form) ? [] : this.all.filter((leaf) => leaf.part(form) === undefined);
  }

  /** Their sum, made once; undefined before all of their parts are. */
  section(form: Form): Section | undefined {
    const held = this.#sections.get(form);
    if (held !== undefined || this.lacking(form).length > 0) return held;
    const parts = this.all.map((leaf) => leaf.part(form)!);
    const section = sectionOf(joined(parts, writing[form].between));
    this.#sections.set(form, section);
    return section;
  }
}
