import type { Call, Fault } from "../../../src/testing/filesystem.ts";
import type { Random } from "../random.ts";

/** What may befall a file system. */
export const kinds = [
  "a call fails",
  "a write is cut short",
  "a kind of call fails from there on",
  "every call fails from there on",
  "the power fails",
] as const;
export type Kind = (typeof kinds)[number];

const codes = ["EIO", "ENOSPC", "EDQUOT", "EACCES", "EROFS", "EMFILE", "ENOMEM"];
/** Calls that a system may not have; who makes them takes EPERM for that. */
const lacking: readonly Call["name"][] = ["link", "sync", "chmod"];
/** Calls that change nothing: the power that fails before one of them takes nothing that it would not take later. */
const looking: readonly Call["name"][] = ["read", "stat", "lstat", "open", "readFile", "readdir", "close"];

/** What befalls the file system of one day, from one of its calls on. */
export class Trouble {
  readonly kind: Kind;
  /** The call that it struck first, once it did. */
  struck: Call | undefined;
  readonly #at: number;
  readonly #code: string;
  readonly #lacking: boolean;

  /** @param calls it strikes before this many, if there are so many */
  constructor(random: Random, calls: number) {
    this.kind = random.of(kinds);
    this.#at = Math.floor(random.fraction() * calls);
    this.#code = random.of(codes);
    this.#lacking = random.fraction() < 0.2;
  }

  /** For `TestFileSystem.fault`. */
  readonly fault = (index: number, call: Call): Fault | undefined => {
    if (index < this.#at || !this.#befalls(call)) return undefined;
    this.struck ??= call;
    if (this.kind === "the power fails") return { code: "EIO" };
    // Half of the writes that are cut short go on with the next call, as the contract of writev has it.
    if (this.kind === "a write is cut short")
      return this.#lacking ? { short: true } : { short: true, code: this.#code };
    return { code: this.#lacking && lacking.includes(call.name) ? "EPERM" : this.#code };
  };

  #befalls({ name }: Call): boolean {
    switch (this.kind) {
      case "a call fails":
        return this.struck === undefined;
      case "a write is cut short":
        return this.struck === undefined && name === "writev";
      case "a kind of call fails from there on":
        return this.struck === undefined || this.struck.name === name;
      case "every call fails from there on":
        return true;
      case "the power fails":
        return this.struck !== undefined || !looking.includes(name);
    }
  }

  toString(): string {
    return `${this.kind} (${this.#code}${this.#lacking ? ", or it is lacking" : ""}) at ${this.struck?.name} ${this.struck?.path}`;
  }
}
