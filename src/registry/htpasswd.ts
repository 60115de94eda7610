import { editFile } from "../files/edit.ts";
import { type FileSystem, ifThere } from "../files/filesystem.ts";
import { ChartroomError } from "../oci/errors.ts";
import { costOf, passwordLimit } from "./bcrypt.ts";

/** A user's name that a line of the file can hold; only `parseUserName` makes one. */
export type UserName = string & { readonly __userName: unique symbol };

/** Users and their hashes, in the file's order. */
export type Users = ReadonlyMap<string, string>;

/** Basic authentication forbids control characters in names and passwords (RFC 7617 §2). */
const isControl = (char: string): boolean => char < " " || (char >= "\x7f" && char <= "\x9f");

/**
 * A user's name as typed.
 * @throws ChartroomError `usage` when a line of the file could not hold it
 */
export function parseUserName(text: string): UserName {
  const refuse = (why: string) =>
    new ChartroomError("usage", `Cannot use the name ${JSON.stringify(text)}: ${why}`);
  if (text === "") throw refuse("it is empty");
  if (text.includes(":")) throw refuse('it holds ":"');
  if ([...text].some(isControl)) throw refuse("it holds a control character");
  if (text.startsWith("#")) throw refuse('"#" begins a comment');
  if (text.trim() !== text) throw refuse("it begins or ends with a blank");
  return text as UserName;
}

/**
 * A password for a new line, checked. It is given back as it is.
 * @throws ChartroomError `usage` when it could not be used to log in, or not all of it would count
 */
export function parsePassword(text: string): string {
  const refuse = (why: string) => new ChartroomError("usage", `Cannot use this password: ${why}`);
  if (text === "") throw refuse("it is empty");
  if ([...text].some(isControl)) throw refuse("it holds a control character");
  if (new TextEncoder().encode(text).byteLength > passwordLimit)
    throw refuse(`it is longer than ${passwordLimit} bytes, and bcrypt would not look at the rest`);
  return text;
}

/**
 * The users of a file in Apache's format, read as CNCF Distribution reads it: lines are trimmed, empty ones and those that
 * begin with `#` skipped; of two lines for one user the last counts.
 * @param path names the file in the error
 * @throws ChartroomError `invalid` when the file is not UTF-8, or names the first line without a `:` (never its text, which
 *   may be a secret)
 */
export function parseHtpasswd(bytes: Uint8Array, path: string): Users {
  const users = new Map<string, string>();
  for (const { user, hash } of linesOf(bytes, path)) if (user !== undefined) users.set(user, hash);
  return users;
}

interface Line {
  readonly text: string;
  /** Undefined for an empty line or a comment. */
  readonly user: string | undefined;
  readonly hash: string;
}

function linesOf(bytes: Uint8Array, path: string): Line[] {
  const refuse = (why: string, cause?: unknown) =>
    new ChartroomError("invalid", `Cannot read users from ${path}: ${why}`, {
      hint: "Expected lines of USER:HASH, as `chartroom registry user add` and `htpasswd -B` write them.",
      cause,
    });
  let content: string;
  try {
    content = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw refuse("it is not UTF-8", cause);
  }
  return content.split("\n").map((text, i) => {
    const entry = text.trim();
    if (entry === "" || entry.startsWith("#")) return { text, user: undefined, hash: "" };
    const colon = entry.indexOf(":");
    if (colon < 0) throw refuse(`line ${i + 1} has no ":"`);
    return { text, user: entry.slice(0, colon), hash: entry.slice(colon + 1) };
  });
}

/** The users whose hash is not bcrypt: they stand in the file and can never log in. */
export const usersWithoutBcrypt = (users: Users): string[] =>
  [...users].filter(([, hash]) => costOf(hash) === undefined).map(([user]) => user);

/**
 * Write a user's hash to the file, durably, in the place of the line that the user has, else as a new line at the end.
 * Other lines and their order stay. The file is made when there is none.
 * @throws ChartroomError as `parseHtpasswd`; what `editFile` throws
 */
export async function setUser(
  fs: FileSystem,
  path: string,
  user: UserName,
  hash: string,
): Promise<"added" | "changed"> {
  let had = false;
  await editFile(fs, path, (bytes) => {
    const lines = linesOf(bytes ?? new Uint8Array(), path);
    const entry = { text: `${user}:${hash}`, user, hash };
    const first = lines.findIndex((line) => line.user === user);
    had = first >= 0;
    if (had)
      return bytesOf(lines.flatMap((line, i) => (i === first ? entry : line.user === user ? [] : line)));
    const end = lines.at(-1)?.text === "" ? lines.length - 1 : lines.length;
    return bytesOf([...lines.slice(0, end), entry, { text: "", user: undefined, hash: "" }]);
  });
  return had ? "changed" : "added";
}

/**
 * Take a user's lines out of the file, durably.
 * @returns how many users are left, undefined when there was no such user
 * @throws ChartroomError as `parseHtpasswd`; what `editFile` throws
 */
export async function removeUser(fs: FileSystem, path: string, user: UserName): Promise<number | undefined> {
  if ((await ifThere(fs.stat(path))) === undefined) return undefined; // or the edit would make its directory
  let left: number | undefined;
  await editFile(fs, path, (bytes) => {
    const lines = linesOf(bytes ?? new Uint8Array(), path);
    const others = lines.filter((line) => line.user !== user);
    if (others.length === lines.length) return undefined;
    const rest = bytesOf(others);
    left = parseHtpasswd(rest, path).size;
    return rest;
  });
  return left;
}

const bytesOf = (lines: readonly Line[]): Uint8Array =>
  new TextEncoder().encode(lines.map(({ text }) => text).join("\n"));
