// Takes away, one at a time, what the house's promises hang on, and runs the test that must notice: it is green before and
// red after. Works on a copy of the tree. A mutant that lives means that a test is missing.
//
//   npm run mutants [words of the mutants to try]
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Mutant, mutants } from "./mutants.table.ts";
import { root } from "./sources.ts";

const copied = ["src", "tests", "tools", "examples", "package.json", "tsconfig.json", "bunfig.toml"];

/** Run a mutant's test in the copy. */
async function verdict(folder: string, [file, name]: Mutant["test"]): Promise<"green" | "red" | "not run"> {
  const pattern = name.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const child = Bun.spawn([process.execPath, "test", file, "-t", pattern, "--timeout", "120000"], {
    ...{ cwd: folder, stdin: "ignore", stdout: "pipe", stderr: "pipe" },
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const text = stdout + stderr;
  // A test that cannot be loaded fails too, and proves nothing.
  if (exitCode === 0 && /^\s*[1-9]\d* pass$/m.test(text)) return "green";
  return /^\(fail\)/m.test(text) ? "red" : "not run";
}

/** Put a mutant into the copy, see what its test says, and take it out again. */
async function killed(folder: string, { file, find, replace = "", test }: Mutant): Promise<string> {
  const path = join(folder, file);
  const source = await readFile(path, "utf8");
  if (source.split(find).length !== 2) return `its text does not stand just once in ${file}`;
  const before = await verdict(folder, test);
  if (before !== "green") return `its test is ${before} without it`;
  await writeFile(
    path,
    source.replace(find, () => replace),
  );
  const after = await verdict(folder, test);
  await writeFile(path, source);
  return after === "red" ? "" : `lived: its test is ${after}`;
}

const wanted = process.argv.slice(2);
const chosen = mutants.filter(({ without }) => wanted.every((word) => without.includes(word)));
const copy = await mkdtemp(join(tmpdir(), "chartroom-mutants-"));
let lived = 0;
try {
  for (const each of copied) await cp(join(root, each), join(copy, each), { recursive: true });
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
  for (const mutant of chosen) {
    const why = await killed(copy, mutant);
    if (why !== "") lived++;
    console.log(`${why === "" ? "killed" : "LIVED "}  without ${mutant.without}${why && `: ${why}`}`);
    console.log(`        by "${mutant.test[1]}" in ${mutant.test[0]}`);
  }
} finally {
  await rm(copy, { recursive: true, force: true });
}
console.log(`${chosen.length - lived} of ${chosen.length} mutants killed`);
process.exitCode = lived === 0 ? 0 : 1;
