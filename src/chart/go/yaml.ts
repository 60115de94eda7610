import { parseAllDocuments } from "yaml";
import { ChartroomError } from "../../oci/errors.ts";
import { scalars, type YamlValue } from "./scalar.ts";

/**
 * The first document of a YAML file, as Helm's libraries read it (sigs.k8s.io/yaml over go-yaml v2): merge keys, the last
 * of two equal keys counts, a byte order mark is skipped, further documents are not looked at.
 * @param what names the file in the error, e.g. `Chart.yaml`
 * @throws ChartroomError `invalid` when the bytes are not UTF-8 or not YAML
 */
export function parseGoYaml(bytes: Uint8Array, what: string): YamlValue {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ChartroomError("invalid", `Cannot parse ${what}: it is not UTF-8`, { cause });
  }
  try {
    const [document] = parseAllDocuments(text, {
      version: "1.1",
      schema: "failsafe",
      customTags: (tags) => [...tags, ...scalars, "merge"],
      uniqueKeys: false,
      strict: false,
      logLevel: "silent",
    });
    if (document === undefined || "empty" in document) return null;
    if (document.errors[0] !== undefined) throw document.errors[0];
    return document.toJS({ mapAsMap: true }) as YamlValue;
  } catch (cause) {
    // Besides errors of syntax: an alias without its anchor, aliases that multiply, nesting beyond the stack.
    const [message] = cause instanceof Error ? cause.message.split("\n") : [];
    throw new ChartroomError("invalid", `Cannot parse ${what}: ${message?.replace(/[:.]$/, "")}`, {
      hint: 'Text that holds ": ", " #", or begins with one of {[&*!|>%@` stands in quotes.',
      cause,
    });
  }
}
