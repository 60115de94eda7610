// Pulls a blob again and again, as fast as it comes, until it is killed: a process of its own, so that it delays nobody but by the
// server. It writes a line once the first bytes came.
const [url = ""] = process.argv.slice(2);
for (let told = false; ; ) {
  const { body } = await fetch(url, { proxy: false });
  for await (const _ of body ?? []) {
    if (!told) process.stdout.write("pulling\n");
    told = true;
  }
}
