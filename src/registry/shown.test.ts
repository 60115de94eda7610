import { expect, test } from "bun:test";
import type { PageRequest } from "../catalog/catalog.ts";
import { shownPage } from "./shown.ts";

/** A list of numbers as texts, and how often and of how many rows it was asked. */
function listOf(count: number) {
  const all = Array.from({ length: count }, (_, i) => String(i).padStart(6, "0"));
  const steps: number[] = [];
  const ask = async ({ after = "", limit }: PageRequest<string>) => {
    steps.push(limit);
    const rest = all.filter((each) => each > after);
    return { items: rest.slice(0, limit), more: rest.length > limit };
  };
  return { all, steps, ask };
}

test("where all is shown a page takes one question, and the last one leads nowhere", async () => {
  const { all, steps, ask } = listOf(5);
  const first = await shownPage(ask, () => true, { limit: 3 });
  expect(first).toEqual({ items: all.slice(0, 3), next: { after: all[2]!, shown: true } });
  expect(await shownPage(ask, () => true, { after: all[2], limit: 2 })).toEqual({
    items: all.slice(3),
    next: undefined,
  });
  expect(steps).toEqual([4, 3]);
});

test("pages hold all that is shown and no more, each once, whatever is passed over", async () => {
  const { all, ask } = listOf(9000);
  const shown = new Set([all[0]!, all[1]!, all[4500]!, all[4501]!, all[8999]!]);
  for (const limit of [1, 2, 3, 100]) {
    const found: string[] = [];
    let after: string | undefined;
    do {
      const { items, next } = await shownPage(ask, (each) => shown.has(each), { after, limit });
      expect(items.length).toBeLessThanOrEqual(limit);
      found.push(...items);
      after = next?.after;
    } while (after !== undefined);
    expect(found).toEqual([...shown]);
  }
});

test("behind the last item that is shown no page is promised", async () => {
  const { all, ask } = listOf(50);
  expect(await shownPage(ask, (each) => each <= all[9]!, { limit: 10 })).toEqual({
    items: all.slice(0, 10),
    next: undefined,
  });
});

test("the work for one page is bounded: it may be short, and says that it goes on behind what is not shown", async () => {
  const { all, steps, ask } = listOf(100_000);
  const page = await shownPage(ask, (each) => each === all[3] || each === all[99_999], { limit: 10 });
  expect(page).toMatchObject({ items: [all[3]!], next: { shown: false } });
  expect(steps.reduce((sum, each) => sum + each)).toBeLessThan(7000);
});

test("a page of nothing asks nothing", async () => {
  const { steps, ask } = listOf(5);
  expect(await shownPage(ask, () => true, { limit: 0 })).toEqual({ items: [], next: undefined });
  expect(steps).toEqual([]);
});
