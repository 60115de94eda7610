import { readFileSync } from "node:fs";

/** Of the kernel's clock in which it counts a process's time, ms: USER_HZ is 100 on Linux (proc(5)). */
const tick = 10;

/** The processor's time that a process has taken so far, in user's and kernel's code, ms. Linux only. */
export function processorTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the program's name in brackets, and may hold blanks; times are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * tick;
}

/** A process's largest resident set so far, or what it holds now, MiB. */
export function memoryOf(pid: number, what: "peak" | "now"): number {
  const field = what === "peak" ? "VmHWM" : "VmRSS";
  const [, kilobytes] =
    new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1024;
}
