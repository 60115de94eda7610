import { ChartroomError } from "../oci/errors.ts";
import { metadataLimit } from "./archive/limits.ts";
import { Fields } from "./fields.ts";
import { parseGoYaml } from "./go/yaml.ts";
import { type Metadata, readDependencies, readMetadata } from "./metadata.ts";

/**
 * Chart.yaml as Helm reads and checks it (`pkg/chart/v2`: `Metadata.Validate`).
 * @param chartYaml the file's bytes
 * @param requirementsYaml the bytes of requirements.yaml, where charts of apiVersion v1 name their dependencies
 * @throws ChartroomError `invalid` with what is missing or wrong
 */
export function parseMetadata(chartYaml: Uint8Array, requirementsYaml?: Uint8Array): Metadata {
  const metadata = readMetadata(fieldsOf(chartYaml, "Chart.yaml"));
  if (requirementsYaml === undefined) return metadata;
  const dependencies = readDependencies(fieldsOf(requirementsYaml, "requirements.yaml"));
  return dependencies.length === 0 ? metadata : { ...metadata, dependencies };
}

function fieldsOf(yaml: Uint8Array, name: string): Fields {
  if (yaml.byteLength > metadataLimit)
    throw new ChartroomError(
      "invalid",
      `Cannot read ${name}: it has ${yaml.byteLength} bytes, expected ${metadataLimit} at most`,
    );
  return new Fields(parseGoYaml(yaml, name), name);
}
