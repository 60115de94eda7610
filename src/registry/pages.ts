import type { Page } from "../catalog/catalog.ts";
import { giveWay } from "../oci/giveWay.ts";

/**
 * Every item of a list that comes in pages. Between two pages others have their turn: a catalog answers at once, and without
 * that a list of 100,000 took the whole process for a second.
 * @param ask gives the page behind a cursor, the first one for undefined
 * @param cursorOf the cursor of an item
 */
export async function* everyItem<T, Cursor>(
  ask: (after: Cursor | undefined) => Promise<Page<T>>,
  cursorOf: (item: T) => Cursor,
  after?: Cursor,
): AsyncGenerator<T> {
  let cursor = after;
  for (;;) {
    const { items, more } = await ask(cursor);
    yield* items;
    const last = items.at(-1);
    if (!more || last === undefined) return;
    cursor = cursorOf(last);
    await giveWay();
  }
}
