import { fstatSync, writeSync } from "node:fs";
import { errorCode } from "../files/filesystem.ts";

/** The streams that had to be made, because what they lead to does not take bytes at once. */
const streams = new Map<1 | 2, NodeJS.WriteStream>();

/**
 * Write text to standard output (1) or standard error (2), whole and in order, without making node's streams: loading them
 * takes 2 ms, a quarter of a start.
 */
export function writeStandard(fd: 1 | 2, text: string): void {
  const stream = streams.get(fd);
  if (stream !== undefined) return void stream.write(text);
  let rest: Uint8Array = new TextEncoder().encode(text);
  try {
    while (rest.byteLength > 0) rest = rest.subarray(writeSync(fd, rest));
  } catch (error) {
    const code = errorCode(error);
    // A pipe or terminal that another process set to be non-blocking, and that is full: node's stream waits for it.
    if (code === "EAGAIN") streamOf(fd).write(rest);
    // A reader that went away (`| head`) wanted no more: that is no failure. A full disk is one. Of standard error nobody is
    // left to be told, and a registry goes on without its log.
    else if (fd === 1 && code !== "EPIPE") throw Object.assign(error as Error, { path: "standard output" });
  }
}

function streamOf(fd: 1 | 2): NodeJS.WriteStream {
  const stream = fd === 1 ? process.stdout : process.stderr;
  streams.set(fd, stream);
  return stream.on("error", () => {}); // the reader went away
}

/**
 * Whether a standard stream is a terminal. node's module for terminals brings its streams along, 2 ms of every command that
 * shows progress; so on Linux the device's number is asked first.
 */
export function isTerminal(fd: 0 | 1 | 2): boolean {
  try {
    const file = fstatSync(fd);
    if (!file.isCharacterDevice()) return false;
    const major = process.platform === "linux" ? (file.rdev >> 8) & 0xfff : undefined;
    if (major === memoryDevices) return false;
    if (major !== undefined && major >= terminals.first && major <= terminals.last) return true;
  } catch {
    return false; // closed
  }
  return process.getBuiltinModule("node:tty").isatty(fd);
}

// Linux's admin-guide/devices.txt: /dev/null and its like, and the ends of pseudo terminals that programs are given.
const memoryDevices = 1;
const terminals = { first: 136, last: 143 };
