import { expect } from "bun:test";
import type { Page, PageRequest } from "./catalog.ts";

/** All items of a list, taken in pages of `limit`. */
export async function paged<T, K>(
  ask: (page: PageRequest<K>) => Promise<Page<T> | undefined>,
  key: (item: T) => K,
  limit: number,
): Promise<T[]> {
  const items: T[] = [];
  for (;;) {
    const last = items.at(-1);
    const page = (await ask({ after: last && key(last), limit }))!;
    expect(page.items.length).toBeLessThanOrEqual(limit);
    items.push(...page.items);
    if (!page.more) return items;
  }
}
