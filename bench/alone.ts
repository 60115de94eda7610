// Runs a program and prints what it took, as JSON: time in ms, memory in MiB. Its standard error and exit code go on.
//
//   bun bench/alone.ts PROGRAM [ARGUMENTS]
//
// A process of its own, since Linux counts as a child's largest resident set also what it was before its exec: the pages of
// its parent. Below a bench that made a store of ten thousand charts, /bin/true has 124 MiB; below this, 23 MiB, which
// is less than any program that is measured.
const started = performance.now();
const child = Bun.spawn(process.argv.slice(2), { stdin: "ignore", stdout: "ignore", stderr: "inherit" });
const exitCode = await child.exited;
const time = performance.now() - started;
console.log(JSON.stringify({ time, memory: (child.resourceUsage()?.maxRSS ?? 0) / 1024 / 1024 }));
process.exitCode = exitCode;
