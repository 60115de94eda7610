import { scalarText, type YamlMap, type YamlValue } from "./go/scalar.ts";

/** No chart that people read names more. */
const countLimit = 200;
const nestingLimit = 30;

/** `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`: close enough to tell an image from a sentence, a URL or a template. */
const reference =
  /^[a-z0-9][a-z0-9.-]*(?::\d+)?(?:\/[a-z0-9._-]+)*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/i;
const literal = /^[ \t]*(?:-[ \t]+)?image:[ \t]*(["']?)([^\s"'{}]+)\1[ \t]*(?:#.*)?$/gm;

/**
 * The images that a chart names, sorted, each once. What a template makes of them only Helm knows; so this is a rule that
 * anybody can follow, and no more. Counted are
 * - in the values: the text of a member whose name ends with `image`, in any case; and a mapping with a `repository` that
 *   stands under such a name or has a `tag` or `digest`, put together with its `registry`. Without a tag it has the
 *   chart's appVersion, as in the charts that `helm create` makes;
 * - in templates: a line `image: NAME` that holds no template.
 */
export function imagesOf(values: YamlValue, appVersion: string, templates: readonly string[]): string[] {
  const found = new Set<string>();
  const add = (text: string) => {
    if (reference.test(text) && found.size < countLimit) found.add(text);
  };
  const walk = (value: YamlValue, name: string, depth: number): void => {
    if (depth > nestingLimit) return;
    const isImage = /image$/i.test(name);
    if (isImage && typeof value === "string") add(value);
    else if (Array.isArray(value)) for (const each of value) walk(each, name, depth + 1);
    else if (value instanceof Map) {
      const image = described(value, isImage, appVersion);
      if (image !== undefined) add(image);
      for (const [key, each] of value) walk(each, scalarText(key) ?? "", depth + 1);
    }
  };
  walk(values, "", 0);
  for (const text of templates) for (const [, , image = ""] of text.matchAll(literal)) add(image);
  return [...found].sort();
}

/** The image that a mapping describes, if it does. */
function described(mapping: YamlMap, named: boolean, appVersion: string): string | undefined {
  const text = (name: string) => scalarText(mapping.get(name) ?? "") ?? "";
  const [registry, repository, digest] = [text("registry"), text("repository"), text("digest")];
  if (repository === "" || !(named || mapping.has("tag") || digest !== "")) return undefined;
  const path = registry === "" ? repository : `${registry}/${repository}`;
  const tag = text("tag") || (digest === "" ? appVersion : "");
  return path + (tag === "" ? "" : `:${tag}`) + (digest === "" ? "" : `@${digest}`);
}
