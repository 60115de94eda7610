// The project's tasks, for a machine that has Node and npm and nothing else. Plain Node, because it is what brings Bun in.
//
//   node tools/task.mjs build|check|test|tour|torture|mutants|bench|man|format [arguments for the task]
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const runtime = join(root, "runtime", "node_modules");
const bun = join(runtime, ".bin", process.platform === "win32" ? "bun.cmd" : "bun");

/** Run a program to its end with our terminal; a failure ends the task with the program's exit code. */
function run(program, args) {
  const done = spawnSync(program, args, { cwd: root, stdio: "inherit", shell: program.endsWith(".cmd") });
  if (done.error) throw done.error;
  if (done.status !== 0) process.exit(done.status ?? 1);
}

/** Install the pinned runtime and the locked packages, unless they are here. */
function install() {
  if (!existsSync(bun))
    run("npm", ["ci", "--prefix", "runtime", "--no-audit", "--no-fund", "--loglevel=error"]);
  // npm 11 may hold back install scripts; Bun's only puts the platform's binary in its place and may be run again.
  if (spawnSync(bun, ["--version"]).status !== 0) run(process.execPath, [join(runtime, "bun", "install.js")]);
  run(bun, ["install", "--frozen-lockfile", "--silent"]);
}

// A worker is an entry point of its own, or the binary lacks it.
const entries = [
  "src/main.ts",
  "src/catalog/sqlite/writer/writer.ts",
  "src/registry/charts/archiveWorker.ts",
  "src/cli/registry/upkeep/worker.ts",
];

/**
 * Make dist/chartroom. The autoload flags keep a hostile working directory's .env, bunfig.toml, tsconfig and package.json out.
 * The JIT is held back: a quick command is over before what it compiles pays (docs/performance.md); whatever works long lets
 * it go (src/cli/jit.ts).
 */
function build() {
  // Each build names its source maps anew.
  rmSync(join(root, "dist"), { recursive: true, force: true });
  mkdirSync(join(root, "dist"));
  run(bun, [
    "build",
    ...entries.filter((entry) => existsSync(join(root, entry))),
    "--compile",
    "--minify",
    "--bytecode",
    "--format=esm",
    "--splitting",
    "--sourcemap",
    "--compile-jit-policy=8",
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    "--no-compile-autoload-tsconfig",
    "--no-compile-autoload-package-json",
    "--outfile=dist/chartroom",
  ]);
}

/** Types and lint. */
function check() {
  run(bun, ["x", "--no-install", "tsc"]);
  run(bun, ["x", "--no-install", "biome", "check", "--error-on-warnings"]);
}

/** A task that runs a script which needs the binary. */
function withBinary(script) {
  return (args) => {
    build();
    run(bun, [script, ...args]);
  };
}

const tasks = {
  build,
  check,
  test: (args) => {
    check();
    build();
    // Five seconds, the default time, measure the machine's load. Files run side by side, one for each core.
    run(bun, ["test", "--timeout=60000", "--parallel", ...args]);
  },
  tour: withBinary("tools/tour.ts"),
  torture: withBinary("tools/torture.ts"),
  mutants: withBinary("tools/mutants.ts"),
  bench: withBinary("bench/run.ts"),
  man: () => run(bun, ["tools/man.ts"]),
  format: () => run(bun, ["x", "--no-install", "biome", "check", "--write"]),
};

const [name = "", ...rest] = process.argv.slice(2);
const task = tasks[name];
if (task === undefined) {
  process.stderr.write(`Error: no task "${name}". There are: ${Object.keys(tasks).join(", ")}\n`);
  process.exit(2);
}
install();
task(rest);
