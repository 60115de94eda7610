import { ChartroomError } from "../oci/errors.ts";
import { scalarText, type YamlMap, type YamlValue } from "./go/scalar.ts";

/** Far over any real value's. */
const nestingLimit = 100;

/**
 * The members of a mapping as Go reads them into a struct: a name matches in any case, null leaves a member empty, unknown
 * members are passed over, and a number or boolean where text belongs becomes text (sigs.k8s.io/yaml).
 */
export class Fields {
  readonly #members: [string, YamlValue][];
  readonly #what: string;
  readonly #path: string;

  /**
   * @param what names the document in errors, e.g. `Chart.yaml`
   * @param path where in it the mapping stands, e.g. `maintainers[0].`
   * @throws ChartroomError `invalid` when `value` is no mapping
   */
  constructor(value: YamlValue, what: string, path = "") {
    this.#what = what;
    this.#path = path;
    if (value === null) this.#members = [];
    else if (value instanceof Map) this.#members = this.#texts(value, "");
    else throw this.refuse(path === "" ? "it is no mapping" : `${path.slice(0, -1)} is no mapping`);
  }

  /** The error that a member is wrong, and perhaps how it would be right. */
  refuse(why: string, hint?: string): ChartroomError {
    return new ChartroomError(
      "invalid",
      `Cannot read ${this.#what}: ${why}`,
      hint === undefined ? {} : { hint },
    );
  }

  text(name: string): string {
    const value = this.#get(name);
    return value === undefined ? "" : this.#text(value, name);
  }

  texts(name: string): string[] {
    return this.#list(name).map((each, i) => (each === null ? "" : this.#text(each, `${name}[${i}]`)));
  }

  flag(name: string): boolean {
    const value = this.#get(name) ?? false;
    if (typeof value !== "boolean") throw this.refuse(`${this.#path}${name} is neither true nor false`);
    return value;
  }

  /** A mapping of text to text. */
  textMap(name: string): Record<string, string> {
    const value = this.#get(name) ?? new Map();
    if (!(value instanceof Map)) throw this.refuse(`${this.#path}${name} is no mapping`);
    return Object.fromEntries(
      this.#texts(value, name).map(([key, each]) => [
        key,
        each === null ? "" : this.#text(each, `${name}.${key}`),
      ]),
    );
  }

  /** A list of mappings; an empty item is refused, as Helm's validation does. */
  structs<T>(name: string, read: (fields: Fields) => T): T[] {
    return this.#list(name).map((each, i) => {
      if (each === null) throw this.refuse(`${this.#path}${name}[${i}] is empty`);
      return read(new Fields(each, this.#what, `${this.#path}${name}[${i}].`));
    });
  }

  /** A list of anything, ready for `goJson`: mappings are maps with keys of text. */
  values(name: string): unknown[] {
    const plain = (value: YamlValue, depth: number): unknown => {
      // An alias may lie within its own anchor.
      if (depth > nestingLimit) throw this.refuse(`${this.#path}${name} is nested too deep`);
      if (Array.isArray(value)) return value.map((each) => plain(each, depth + 1));
      if (value instanceof Map)
        return new Map(this.#texts(value, name).map(([key, each]) => [key, plain(each, depth + 1)]));
      if (typeof value === "bigint") return Number(value);
      if (typeof value === "number" && !Number.isFinite(value))
        throw this.refuse(`${this.#path}${name} holds ${value}, which JSON does not know`);
      return value;
    };
    return this.#list(name).map((each) => plain(each, 0));
  }

  /** What a member holds: of names that differ in case, the last in order of bytes, as Go's decoder meets them. */
  #get(name: string): YamlValue | undefined {
    const wanted = name.toLowerCase();
    return this.#members.findLast(([key, value]) => key.toLowerCase() === wanted && value !== null)?.[1];
  }

  #list(name: string): YamlValue[] {
    const value = this.#get(name) ?? [];
    if (!Array.isArray(value)) throw this.refuse(`${this.#path}${name} is no list`);
    return value;
  }

  #text(value: YamlValue, name: string): string {
    const text = scalarText(value);
    if (text === undefined) throw this.refuse(`${this.#path}${name} is no text`);
    if (!text.isWellFormed()) throw this.refuse(`${this.#path}${name} is not Unicode`);
    return text;
  }

  /** A mapping's members under keys of text, in order of the keys. */
  #texts(map: YamlMap, name: string): [string, YamlValue][] {
    return [...map]
      .map(([key, value]): [string, YamlValue] => [
        this.#text(key, name === "" ? "a key" : `a key of ${name}`),
        value,
      ])
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }
}
