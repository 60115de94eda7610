import { openArchive } from "./archive.ts";
import { scalarText, type YamlValue } from "./goScalar.ts";
import { parseGoYaml } from "./goYaml.ts";
import { valuesOf } from "./show.ts";

/**
 * A chart's templates and values as ChartMuseum answers them: Go's JSON of Helm's structs, in which bytes are base64.
 * @throws HostileArchive, ChartroomError `invalid` for an archive or values that cannot be read
 */
export async function templatesOf(bytes: Uint8Array): Promise<string> {
  const archive = await openArchive(bytes);
  const values = valuesOf(archive);
  const parsed = values === undefined ? null : parseGoYaml(new TextEncoder().encode(values), "values.yaml");
  const templates = archive.files
    .filter(({ path }) => path.startsWith("templates/"))
    .map(({ path, bytes: data }) => ({ name: path, data: Buffer.from(data).toString("base64") }));
  return JSON.stringify({ templates, values: plain(parsed) });
}

/** Parsed YAML as JSON has it. */
function plain(value: YamlValue): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, each]) => [scalarText(key) ?? "null", plain(each)]));
  return typeof value === "bigint" ? Number(value) : value;
}
