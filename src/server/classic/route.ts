import { repositoryMetadataFile } from "../../chart/repositoryMetadata.ts";
import { tryRepositoryName } from "../../oci/reference.ts";
import type { Form } from "../../registry/classic/form.ts";
import { choose, type Unsupported } from "../choose.ts";

/** A part of the registry seen as a classic repository: what its repositories' names begin with, "" or with a `/` at its end. */
export interface InRepository {
  readonly door: "classic";
  readonly prefix: string;
}
/** Its index. */
export interface AtIndex extends InRepository {
  readonly form: Form;
}
/** A file of it. */
export interface AtFile extends InRepository {
  readonly file: string;
  /** The chart, where the URL says it. */
  readonly chart: string | undefined;
}
/** A chart of it. */
export interface AtChart extends InRepository {
  readonly chart: string;
}
/** A version of a chart. */
export interface AtVersion extends AtChart {
  readonly version: string;
}

/** What a request to the classic door wants. */
export type ClassicRoute =
  | ({ readonly op: "chart-index" } & AtIndex)
  | ({ readonly op: "pull-chart" | "pull-provenance" } & AtFile)
  | ({
      readonly op: "list-charts" | "list-misplaced" | "pull-metadata" | "post-chart" | "post-provenance";
    } & InRepository)
  | ({ readonly op: "show-versions" } & AtChart)
  | ({ readonly op: "show-version" | "show-templates" | "show-values" | "delete-version" } & AtVersion)
  | ({ readonly op: "museum-health" | "museum-info" } & InRepository);

/** Where all of it is, below the server's root: what ChartMuseum calls its context path. */
export const contextPath = "/charts";

/**
 * A method and a path below `/charts/` as a route. Read from the right, since prefixes hold slashes; what begins with `api`
 * is ChartMuseum's API (its `router/match.go`), so that no prefix can.
 * @param path what follows `/charts/`, decoded
 */
export function parseClassicRoute(method: string, path: string): ClassicRoute | Unsupported | undefined {
  const segments = path.split("/");
  if (segments[0] === "api") return parseApi(method, segments.slice(1));
  const door = { door: "classic", prefix: "" } as const;
  if (path === "health") return choose(method, { GET: "museum-health" }, door);
  if (path === "info") return choose(method, { GET: "museum-info" }, door);
  const last = segments.pop() ?? "";
  const named = segments.at(-2) === "-" ? segments.splice(-2)[1] : undefined;
  const prefix = prefixOf(segments);
  if (prefix === undefined) return undefined;
  const form = { "index.yaml": "yaml", "index.json": "json" } as const;
  if (named === undefined && (last === "index.yaml" || last === "index.json"))
    return choose(method, { GET: "chart-index" }, { form: form[last], ...door, prefix });
  // Beside the index, and not in the API, where it would stand for a chart of that name.
  if (named === undefined && last === "misplaced.json")
    return choose(method, { GET: "list-misplaced" }, { ...door, prefix });
  if (named === undefined && last === repositoryMetadataFile)
    return choose(method, { GET: "pull-metadata" }, { ...door, prefix });
  const [, file, provenance] = /^(.+\.tgz)(\.prov)?$/.exec(last) ?? [];
  if (file === undefined) return undefined;
  const op = provenance === undefined ? "pull-chart" : "pull-provenance";
  return choose(method, { GET: op }, { ...door, prefix, file, chart: named });
}

/** ChartMuseum's API, of a repository at any depth. */
function parseApi(method: string, segments: readonly string[]): ClassicRoute | Unsupported | undefined {
  const at = (length: number) => prefixOf(segments.slice(0, -length));
  const [fourth, third = "", second = "", last] = [undefined, undefined, undefined, ...segments]
    .slice(-4)
    .map((each) => each ?? "");
  const door = "classic" as const;
  const prefix = at(1);
  if (last === "charts" && prefix !== undefined)
    return choose(method, { GET: "list-charts", POST: "post-chart" }, { door, prefix });
  if (last === "prov" && prefix !== undefined)
    return choose(method, { POST: "post-provenance" }, { door, prefix });
  const above = at(2);
  if (second === "charts" && last !== undefined && above !== undefined)
    return choose(method, { GET: "show-versions" }, { door, prefix: above, chart: last });
  const higher = at(3);
  if (third === "charts" && last !== undefined && higher !== undefined) {
    const version = { door, prefix: higher, chart: second, version: last };
    return choose(method, { GET: "show-version", DELETE: "delete-version" }, version);
  }
  const highest = at(4);
  if (fourth === "charts" && (last === "values" || last === "templates") && highest !== undefined)
    return choose(method, { GET: `show-${last}` }, { door, prefix: highest, chart: third, version: second });
  return undefined;
}

/** Segments as a prefix; undefined where no repository's name could begin with them, or no index could be asked for. */
function prefixOf(segments: readonly string[]): string | undefined {
  if (segments.length === 0) return "";
  if (segments[0] === "api") return undefined;
  const name = tryRepositoryName(segments.join("/"));
  return name && `${name}/`;
}
