/**
 * Items as they come, read ahead of whoever takes them, so that it is known how many there are. No more than `limit` are held:
 * where more wait, the count is known later.
 */
export class Ahead<Item> implements AsyncIterable<Item> {
  readonly #items: AsyncIterable<Item>;
  readonly #limit: number;
  readonly #counts: (item: Item) => boolean;
  #read = 0;
  #isWhole = false;

  /** @param counts which of them are to be counted; all, unless told */
  constructor(items: AsyncIterable<Item>, limit: number, counts: (item: Item) => boolean = () => true) {
    this.#counts = counts;
    this.#items = items;
    this.#limit = limit;
  }

  /** How many there are in all that count; undefined until the last one was read. */
  get count(): number | undefined {
    return this.#isWhole ? this.#read : undefined;
  }

  /** To be taken once. @throws what the items fail with, behind all that came before */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item> {
    const iterator = this.#items[Symbol.asyncIterator]();
    // A stream that fails forgets what it holds: the failure goes through it as an item.
    const held = new ReadableStream<{ item: Item } | { error: unknown }>(
      {
        pull: async (controller) => {
          try {
            const { done, value } = await iterator.next();
            this.#isWhole = done === true;
            if (done) return controller.close();
            if (this.#counts(value)) this.#read++;
            controller.enqueue({ item: value });
          } catch (error) {
            controller.enqueue({ error });
            controller.close();
          }
        },
        cancel: async () => void (await iterator.return?.()),
      },
      new CountQueuingStrategy({ highWaterMark: this.#limit }),
    );
    for await (const each of held) {
      if ("error" in each) throw each.error;
      yield each.item;
    }
  }
}
