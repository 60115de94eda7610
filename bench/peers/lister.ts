// Reads a list whole, page by page by Link, again and again on one connection. A process of its own, for the load's cores. Prints the
// seconds that one reading took.
//
//   bun bench/peers/lister.ts URL MEMBER ENTRIES TIMES
const [url = "", member = "", entries = "", times = ""] = process.argv.slice(2);

/** @throws Error when there are not as many entries as there must be */
async function read(): Promise<void> {
  let count = 0;
  for (let next: string | undefined = url; next !== undefined; ) {
    const answer: Response = await fetch(next, { proxy: false });
    const page = ((await answer.json()) as Record<string, unknown[]>)[member] ?? [];
    count += page.length;
    const [, link] = /^<([^>]+)>/.exec(answer.headers.get("link") ?? "") ?? [];
    next = link && new URL(link, next).href;
  }
  if (count !== Number(entries)) throw new Error(`${url} has ${count} entries`);
}

const began = performance.now();
for (let i = 0; i < Number(times); i++) await read();
console.log((performance.now() - began) / 1000 / Number(times));
