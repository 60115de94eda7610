// A process of its own for lock.test.ts.
//   hold PATH MODE          take the lock, say "held", keep it until killed
//   count PATH FILE TURNS   take turns at adding one to the number in FILE, each time beside a shared lock
import { readFile, writeFile } from "node:fs/promises";
import { acquire, type LockMode } from "../files/lock.ts";

const [task, path = "", subject = "", turns = "0"] = process.argv.slice(2);
if (task === "hold") {
  await acquire(path, subject as LockMode);
  process.stdout.write("held\n");
  setInterval(() => {}, 1_000);
} else {
  for (let turn = 0; turn < Number(turns); turn++) {
    await using _shared = await acquire(path, "shared");
    await using _turn = await acquire(path, "turn");
    // Not atomic on purpose: without the lock, additions get lost.
    await writeFile(subject, String(Number(await readFile(subject, "utf8")) + 1));
  }
}
