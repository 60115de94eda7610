// Pulls a blob again and again, or pushes one that has no end, as fast as it goes, until it is killed: a process of its own, so that it
// delays nobody but by the server. It writes a line once the first bytes have moved.
const [direction = "", url = ""] = process.argv.slice(2);

let told = false;
const moved = () => {
  if (!told) process.stdout.write("moving\n");
  told = true;
};

if (direction === "pull")
  for (;;) {
    const { body } = await fetch(url, { proxy: false });
    for await (const _ of body ?? []) moved();
  }

const opened = await fetch(`${url}/uploads/`, { method: "POST", proxy: false });
const piece = new Uint8Array(256 * 1024).map((_, i) => (i * 2654435761) >>> 13);
let pieces = 0;
const body = new ReadableStream<Uint8Array>(
  {
    pull(controller) {
      controller.enqueue(piece.slice());
      if (++pieces > 16) moved();
    },
  },
  { highWaterMark: 0 },
);
await fetch(new URL(opened.headers.get("location") ?? "", url), { method: "PATCH", body, proxy: false });
