import { ChartroomError } from "../oci/errors.ts";
import { type JsonObject, parseJsonObject } from "../oci/json.ts";
import { Fields } from "./fields.ts";
import { goJson } from "./go/json.ts";
import type { YamlValue } from "./go/scalar.ts";
import { type Dependency, type Metadata, readMetadata } from "./metadata.ts";

/**
 * The config blob of a chart: Chart.yaml as JSON, to the byte as Helm writes it (Go's struct order, empty members left
 * out). The same chart pushed by Helm has the same config digest.
 */
export function configBytes(metadata: Metadata): Uint8Array {
  const { name, home, sources, version, description, keywords, maintainers, icon, apiVersion } = metadata;
  const { condition, tags, appVersion, deprecated, annotations, kubeVersion, dependencies, type } = metadata;
  return goJson(
    withoutEmpty({
      name,
      home,
      sources,
      version,
      description,
      keywords,
      maintainers: maintainers.map((each) =>
        withoutEmpty({ name: each.name, email: each.email, url: each.url }),
      ),
      icon,
      apiVersion,
      condition,
      tags,
      appVersion,
      deprecated,
      annotations: new Map(Object.entries(annotations)),
      kubeVersion,
      dependencies: dependencies.map(dependencyStruct),
      type,
    }),
  );
}

/** A dependency in the order of Helm's struct. */
export const dependencyStruct = (each: Dependency): object => ({
  name: each.name,
  ...withoutEmpty({ version: each.version }),
  // Not `omitempty` in Helm's struct, as `name`.
  repository: each.repository,
  ...withoutEmpty({
    condition: each.condition,
    tags: each.tags,
    enabled: each.enabled,
    "import-values": each.importValues,
    alias: each.alias,
  }),
});

/** Go's `omitempty`: without empty text, false, and empty lists and maps. */
const withoutEmpty = (struct: object): object =>
  Object.fromEntries(
    Object.entries(struct).filter(
      ([, value]) =>
        value !== "" &&
        value !== false &&
        !(Array.isArray(value) && value.length === 0) &&
        !(value instanceof Map && value.size === 0),
    ),
  );

/** What errors call a config blob. */
const configName = "the chart's config";

/**
 * Metadata out of a config blob.
 * @throws ChartroomError `invalid` when it is not JSON, or not a chart's metadata
 */
export const parseConfig = (bytes: Uint8Array): Metadata =>
  readMetadata(new Fields(asYaml(parseJsonObject(bytes, configName), configName), configName));

/** Deeper than any chart's metadata; what comes from outside may be nested as deep as it is long. */
const nestingLimit = 100;

/**
 * Parsed JSON in the shape that parsed YAML has.
 * @param what names the document in the error
 * @throws ChartroomError `invalid` when it is nested too deep
 */
export function asYaml(value: unknown, what: string, depth = 0): YamlValue {
  if (depth > nestingLimit) throw new ChartroomError("invalid", `Cannot read ${what}: it is nested too deep`);
  if (Array.isArray(value)) return value.map((each) => asYaml(each, what, depth + 1));
  if (typeof value !== "object") return value as YamlValue;
  return value === null
    ? null
    : new Map(Object.entries(value as JsonObject).map(([key, each]) => [key, asYaml(each, what, depth + 1)]));
}
