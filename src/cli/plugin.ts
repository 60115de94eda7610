import type { Context } from "./context.ts";

/** The values that Go's strconv.ParseBool, and so Helm, takes for true. */
const truths = new Set(["1", "t", "T", "TRUE", "true", "True"]);

/**
 * Whether Helm runs us as its plugin `chart` (plugin.yaml): it says so to every plugin. A variable of Helm's that is there
 * without that was set for Helm, or for another plugin that runs us.
 */
const isHelmPlugin = ({ env }: Pick<Context, "env">): boolean => env.HELM_PLUGIN_NAME === "chart";

/**
 * A command line as it was typed. Helm 3 and 4 keep `--debug` from a plugin and pass `HELM_DEBUG=true` on; what else they
 * keep is in the environment already (`--registry-config`), or nothing to us (`--namespace`, `--kube-*`).
 */
export const asTyped = (argv: readonly string[], context: Context): readonly string[] =>
  isHelmPlugin(context) && truths.has(context.env.HELM_DEBUG ?? "") ? ["--debug", ...argv] : argv;

/** A text that names commands of ours, with the names that they have where it is read: under Helm, `helm chart list`. */
export const namedAsTyped = (text: string, context: Pick<Context, "env">): string =>
  isHelmPlugin(context) ? text.replace(/\bchartroom (?=chart\b|registry log)/g, "helm ") : text;
