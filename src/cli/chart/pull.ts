import { archiveFiles } from "../../chart/archive/files.ts";
import { parseConfig } from "../../chart/config.ts";
import { chartManifest } from "../../chart/manifest.ts";
import { chartMediaTypes } from "../../chart/mediaTypes.ts";
import { chartOf } from "../../layout/charts.ts";
import { writing } from "../../layout/write.ts";
import { copy } from "../../oci/copy.ts";
import { ChartroomError } from "../../oci/errors.ts";
import { type IndexManifest, type Manifest, parseManifest } from "../../oci/manifest.ts";
import {
  formatReference,
  labelOf,
  parseReference,
  type Reference,
  repositoryOf,
} from "../../oci/reference.ts";
import type { Reads, StoredManifest } from "../../oci/repository.ts";
import { readVerified } from "../../oci/verify.ts";
import { openRemote } from "../../remote/open.ts";
import { connectionOf, type GivenLogin } from "../connection.ts";
import type { Context } from "../context.ts";
import { namedManifest } from "../named.ts";
import { chartJson, forPeople, print, summaryOf } from "../output.ts";
import { progressOf } from "../progress.ts";
import { openStore, type StoreOptions, tagMissing, tagsNamed } from "../store.ts";
import { countOf } from "../words.ts";

/**
 * `chart pull REF`: what the store lacks, verified byte by byte, then the name. That it is a chart is seen before anything
 * is named: the manifest before a byte is fetched, config and archive before it is indexed. What the chart is its config says;
 * Chart.yaml is read by who opens the archive.
 */
export async function pull(
  [ref = ""]: string[],
  options: StoreOptions & GivenLogin,
  context: Context,
): Promise<void> {
  const reference = parseReference(ref);
  const remote = openRemote(reference, await connectionOf(options, context));
  if (reference.tag === undefined && reference.digest === undefined)
    throw tagMissing(reference, await firstTags(remote), "in the registry");
  const label = labelOf(reference);
  const name = formatReference(reference);
  if (forPeople(options)) context.write(`${label}: Pulling from ${repositoryOf(reference)}\n`);

  const root = await remoteChart(remote, reference);
  const layout = openStore(options, context);
  const current = (await layout.index()).get(name)?.descriptor?.digest === root.descriptor.digest;
  const progress = progressOf("pulled", options, context);
  try {
    await writing(layout, context.signal, async (writer) => {
      const repository = writer.repository(repositoryOf(reference));
      const admit = async () => {
        const { config, content } = chartManifest(parseManifest(root.bytes, root.descriptor.mediaType));
        parseConfig(await readVerified(await repository.blob(config), config));
        await archiveFiles(await readVerified(await repository.blob(content), content));
      };
      await copy(remote, repository, root, {
        tags: [],
        expect: "any",
        progress,
        admit,
        signal: context.signal,
      });
      await writer.name(name, root.descriptor);
    });
  } finally {
    progress.close();
  }

  const chart = await chartOf(layout, name, root.descriptor);
  print(context, options, {
    text: `${summaryOf(chart)}Status: ${current ? "Chart is up to date for" : "Downloaded newer chart for"} ${name}\n`,
    json: chartJson(chart, current ? "current" : "downloaded"),
    quiet: `${repositoryOf(reference)}@${chart.manifest.digest}`,
  });
}

/**
 * The manifest of the chart that a reference names in a registry.
 * @throws ChartroomError `not_found`, `conflict`, or `invalid` when it is no chart
 */
async function remoteChart(remote: Reads, reference: Reference): Promise<StoredManifest> {
  const missing = () =>
    new ChartroomError("not_found", `Chart not found: ${formatReference(reference)}`, {
      hint: "The registry answered that it has no such manifest.",
    });
  const found = await namedManifest(remote, reference, missing);
  const manifest = parseSent(found, reference);
  if (manifest.kind === "index") return chartInIndex(remote, manifest);
  chartManifest(manifest);
  return found;
}

/** @throws ChartroomError `remote` when what the registry sent for a reference is no manifest */
function parseSent({ bytes, descriptor }: StoredManifest, reference: Reference): Manifest {
  try {
    return parseManifest(bytes, descriptor.mediaType);
  } catch (cause) {
    if (!(cause instanceof ChartroomError)) throw cause;
    const why = cause.message.replace(/^Cannot parse manifest: /, "");
    throw new ChartroomError(
      "remote",
      `Cannot pull ${formatReference(reference)}: its manifest is broken: ${why}`,
      {
        hint: "It is so in the registry; push the chart again, or ask who runs it.",
        cause,
      },
    );
  }
}

/** The one chart among an index's manifests, as Helm 3.20 and later pick it: by its config's media type. */
async function chartInIndex(remote: Reads, { manifests }: IndexManifest): Promise<StoredManifest> {
  const charts: StoredManifest[] = [];
  for (const { digest, artifactType = chartMediaTypes.config } of manifests) {
    if (artifactType !== chartMediaTypes.config) continue;
    const child = await remote.manifest(digest);
    const manifest = child && parseManifest(child.bytes, child.descriptor.mediaType);
    if (manifest?.kind === "image" && manifest.config.mediaType === chartMediaTypes.config)
      charts.push(child!);
  }
  const [only, ...others] = charts;
  if (only !== undefined && others.length === 0) return only;
  throw new ChartroomError(
    "invalid",
    `Cannot pull from the image index: it has ${countOf(charts.length, "chart")}, expected one`,
    {
      hint: "Pull one of its manifests by digest.",
    },
  );
}

async function firstTags(remote: Reads): Promise<string[]> {
  const tags: string[] = [];
  for await (const tag of remote.tags()) if (tags.push(tag) === tagsNamed + 1) break;
  return tags;
}
