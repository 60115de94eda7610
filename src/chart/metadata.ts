import { type Segment, unsafeSegment } from "./archive/paths.ts";
import type { Fields } from "./fields.ts";
import { tryVersion } from "./version.ts";

/** A chart's name: safe as the name of the directory that an export makes. */
export type ChartName = Segment;

export interface Maintainer {
  readonly name: string;
  readonly email: string;
  readonly url: string;
}

/** A chart that a chart builds on. */
export interface Dependency {
  readonly name: string;
  /** A version or a range. */
  readonly version: string;
  readonly repository: string;
  readonly condition: string;
  readonly tags: readonly string[];
  readonly enabled: boolean;
  readonly importValues: readonly unknown[];
  readonly alias: string;
}

/** Chart.yaml, validated. What the file leaves out is empty here, as in Helm's struct. */
export interface Metadata {
  readonly name: ChartName;
  readonly home: string;
  readonly sources: readonly string[];
  /** A version as `version.ts` reads it, as written. */
  readonly version: string;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly maintainers: readonly Maintainer[];
  readonly icon: string;
  /** Where the file has none it is "v1", as for Helm 2's charts. */
  readonly apiVersion: string;
  readonly condition: string;
  readonly tags: string;
  readonly appVersion: string;
  readonly deprecated: boolean;
  readonly annotations: Readonly<Record<string, string>>;
  readonly kubeVersion: string;
  readonly dependencies: readonly Dependency[];
  readonly type: "" | "application" | "library";
}

const nameHint = "A chart has a name that can be a directory's, for example `name: mychart`.";
const versionHint = "A chart has a version after semver.org, for example `version: 0.1.0`.";

/**
 * Metadata out of the members of Chart.yaml, or of the config that was made from it.
 * @throws ChartroomError `invalid` with what is missing or wrong
 */
export function readMetadata(fields: Fields): Metadata {
  const name = printable(fields.text("name"));
  const version = fields.text("version");
  const type = fields.text("type");
  if (name === "") throw fields.refuse("the name is missing", nameHint);
  const unsafe = unsafeSegment(name);
  if (unsafe !== undefined) throw fields.refuse(`the name ${JSON.stringify(name)} ${unsafe}`, nameHint);
  if (version === "") throw fields.refuse("the version is missing", versionHint);
  if (tryVersion(version) === undefined)
    throw fields.refuse(`the version ${JSON.stringify(version)} is not like 1.2.3`, versionHint);
  if (type !== "" && type !== "application" && type !== "library")
    throw fields.refuse(`the type ${JSON.stringify(type)} is neither "application" nor "library"`);
  return {
    name: name as ChartName,
    home: printable(fields.text("home")),
    sources: fields.texts("sources").map(printable),
    version,
    description: printable(fields.text("description")),
    keywords: fields.texts("keywords").map(printable),
    maintainers: fields.structs("maintainers", (each) => ({
      name: printable(each.text("name")),
      email: printable(each.text("email")),
      url: printable(each.text("url")),
    })),
    icon: printable(fields.text("icon")),
    // Helm 2 had charts without it (helm `LoadFiles`).
    apiVersion: fields.text("apiVersion") || "v1",
    condition: printable(fields.text("condition")),
    tags: printable(fields.text("tags")),
    appVersion: printable(fields.text("appVersion")),
    deprecated: fields.flag("deprecated"),
    annotations: fields.textMap("annotations"),
    kubeVersion: printable(fields.text("kubeVersion")),
    dependencies: readDependencies(fields),
    type,
  };
}

/** The dependencies that Chart.yaml, or requirements.yaml, lists. @throws ChartroomError `invalid` */
export function readDependencies(fields: Fields): Dependency[] {
  const taken = new Set<string>();
  return fields.structs("dependencies", (each) => {
    const name = printable(each.text("name"));
    const alias = each.text("alias");
    if (alias !== "" && !/^[a-zA-Z0-9_-]+$/.test(alias))
      throw fields.refuse(
        `the alias ${JSON.stringify(alias)} of dependency "${name}" has other than letters, digits, _ and -`,
      );
    const key = alias === "" ? name : alias;
    if (taken.has(key)) throw fields.refuse(`two dependencies have the name or alias "${key}"`);
    taken.add(key);
    return {
      name,
      version: printable(each.text("version")),
      repository: printable(each.text("repository")),
      condition: printable(each.text("condition")),
      tags: each.texts("tags").map(printable),
      enabled: each.flag("enabled"),
      importValues: each.values("import-values"),
      alias,
    };
  });
}

/** Text as Helm shows it (`sanitizeString`): each white space a blank, and nothing that does not print. */
const printable = (text: string): string =>
  text.replace(/\p{White_Space}/gu, " ").replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, "");
