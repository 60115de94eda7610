import { ChartroomError } from "../oci/errors.ts";
import { openArchive } from "./archive/archive.ts";
import { scalarText, type YamlValue } from "./go/scalar.ts";
import { parseGoYaml } from "./go/yaml.ts";
import { valuesOf } from "./show.ts";

/** So many bytes of templates are told: an archive of a hundredth of that may hold more. */
const limit = 4 * 1024 * 1024;
/** More YAML than this is not parsed, in characters: a megabyte of a hostile author's costs seconds. */
const parseLimit = 512 * 1024;

/**
 * A chart's templates and values as ChartMuseum answers them: Go's JSON of Helm's structs, in which bytes are base64.
 * @throws HostileArchive, ChartroomError `invalid` for an archive or values that cannot be read, or are larger than is told
 */
export async function templatesOf(bytes: Uint8Array): Promise<string> {
  const archive = await openArchive(bytes);
  const values = valuesOf(archive);
  const files = archive.files.filter(({ path }) => path.startsWith("templates/"));
  const size = files.reduce((sum, { bytes: data }) => sum + data.byteLength, 0);
  if (size > limit || (values?.length ?? 0) > parseLimit)
    throw new ChartroomError("invalid", "its templates and values are too large to be told: pull the chart");
  const parsed = values === undefined ? null : parseGoYaml(new TextEncoder().encode(values), "values.yaml");
  const templates = files.map(({ path, bytes: data }) => ({
    name: path,
    data: Buffer.from(data).toString("base64"),
  }));
  return JSON.stringify({ templates, values: plain(parsed) });
}

/** Parsed YAML as JSON has it. */
function plain(value: YamlValue): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, each]) => [scalarText(key) ?? "null", plain(each)]));
  return typeof value === "bigint" ? Number(value) : value;
}
