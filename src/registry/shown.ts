import type { Page, PageRequest } from "../catalog/catalog.ts";

/** A page of what is shown out of a list. */
export interface ShownPage<T> {
  readonly items: readonly T[];
  /** Where the next page begins; undefined at the end. It is the last item, or one that must not be shown itself. */
  readonly next: { readonly after: T; readonly shown: boolean } | undefined;
}

/** Rows that are read for one page, about, at most: 3 ms of the requests' thread (measured). */
const readLimit = 5000;
/** Rows that are asked for at once, after the first time. */
const stepSize = 1000;

/**
 * A page of the items that `shows` lets through. A list of which little is shown is read on until the page is full or the
 * list ends, and within bounds: such a page may be short, or empty, and go on behind an item that is not shown.
 * @param ask gives a page of the whole list
 */
export async function shownPage<T extends string>(
  ask: (page: PageRequest<string>) => Promise<Page<T>>,
  shows: (item: T) => boolean,
  { after, limit }: PageRequest<string>,
): Promise<ShownPage<T>> {
  const items: T[] = [];
  if (limit === 0) return { items, next: undefined };
  let cursor: T | undefined;
  for (let read = 0; read < readLimit; ) {
    // One more than fits: it says that there is a next page, and an empty one is not promised.
    const step: number = cursor === undefined ? limit + 1 : stepSize;
    const page = await ask({ after: cursor ?? after, limit: step });
    for (const item of page.items.filter(shows)) {
      const last = items.at(-1);
      if (items.length === limit && last !== undefined) return { items, next: { after: last, shown: true } };
      items.push(item);
    }
    read += step;
    cursor = page.items.at(-1);
    if (!page.more || cursor === undefined) return { items, next: undefined };
  }
  return { items, next: cursor && { after: cursor, shown: false } };
}
