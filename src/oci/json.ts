import { ChartroomError } from "./errors.ts";

/** A parsed JSON object whose members are not checked yet. */
export type JsonObject = { [key: string]: unknown };

/** Whether `value` is a JSON object: neither null, an array nor a scalar. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether `value` is an object whose every member is a string, as annotations are. */
export function isStringMap(value: unknown): value is Record<string, string> {
  if (!isObject(value)) return false;
  for (const name in value) if (typeof value[name] !== "string") return false;
  return true;
}

/**
 * Bytes as a JSON object. UTF-8 is required, as image-spec's I-JSON is.
 * @param what names the document in the error, e.g. `index.json`
 * @throws ChartroomError `invalid` when the bytes are not UTF-8, not JSON, or not an object
 */
export function parseJsonObject(bytes: Uint8Array, what: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ChartroomError("invalid", `Cannot parse ${what}: it is not JSON in UTF-8`, { cause });
  }
  if (!isObject(value)) throw new ChartroomError("invalid", `Cannot parse ${what}: expected a JSON object`);
  return value;
}

/** A value as compact JSON in UTF-8. */
export const jsonBytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
