import { parseRange } from "../../chart/range.ts";
import { ChartroomError } from "../../oci/errors.ts";
import type { RepositoryName } from "../../oci/reference.ts";
import type { Listed } from "../../registry/classic/leaf.ts";
import { answer, jsonAnswer } from "../answer.ts";
import type { Call } from "../call.ts";
import { sendDocument } from "./chartIndex.ts";
import { MuseumError } from "./errors.ts";
import { look, reach, type Seen } from "./reach.ts";
import type { AtChart, AtVersion, InRepository } from "./route.ts";

/** All charts, or some by their names' order. @throws MuseumError, NotAllowed */
export async function listCharts(call: Call, { prefix }: InRepository): Promise<Response> {
  const number = (name: "offset" | "limit", least: number, kind: string): number | undefined => {
    const text = call.query.get(name);
    if (text === null) return undefined;
    if (!/^\+?\d{1,15}$/.test(text) || Number(text) < least)
      throw new MuseumError(400, `${name} is not a valid ${kind} integer`);
    return Number(text);
  };
  const offset = number("offset", 0, "non-negative") ?? 0;
  const limit = number("limit", 1, "positive");
  const { shelf, choice } = await look(call, prefix);
  const document = await shelf.entries(choice, offset, limit === undefined ? undefined : offset + limit);
  return sendDocument(call, document, "application/json");
}

/** The versions of a chart, newest first. @throws MuseumError, NotAllowed */
export async function showVersions(call: Call, { prefix, chart }: AtChart): Promise<Response> {
  const versions = await versionsOf(call, prefix, chart);
  if (versions.length === 0) throw new MuseumError(404, "chart not found");
  return text(`[${(await call.registry.indexes.entries(versions)).join(",")}]`);
}

/** One version of a chart: as written, `latest`, or the newest of a range, as Helm's own index finds it. */
export async function showVersion(call: Call, at: AtVersion): Promise<Response> {
  const [entry] = await call.registry.indexes.entries([await versionOf(call, at)]);
  if (entry === undefined) throw new MuseumError(404, "chart not found");
  return text(entry);
}

/** The values of a version, as they are in its archive. @throws MuseumError, NotAllowed */
export async function showValues(call: Call, at: AtVersion): Promise<Response> {
  const { content } = await versionOf(call, at);
  const values = await call.registry.indexes.values(content);
  if (values === undefined) throw new MuseumError(404, "values.yaml not found");
  return answer(200, { "content-type": "application/yaml" }, new TextEncoder().encode(values));
}

/** A version's templates, and its values parsed. @throws MuseumError, NotAllowed; ChartroomError `invalid`, `busy` */
export async function showTemplates(call: Call, at: AtVersion): Promise<Response> {
  const { content } = await versionOf(call, at);
  const repository = call.registry.repository(`${at.prefix}${at.chart}` as RepositoryName);
  const archive = async () => new Response(await repository.blob({ digest: content })).bytes();
  const json = await call.registry.readTemplates(archive);
  if (!call.holds(json.length))
    throw new ChartroomError("busy", "Cannot hold the answer: too much is under way");
  return text(json);
}

/** What is in the registry below a prefix and in no index, and why. */
export async function listMisplaced(call: Call, { prefix }: InRepository): Promise<Response> {
  const shown = ({ shelf, choice }: Seen) =>
    shelf.misplaced.filter(({ repository }) => choice.includes(repository));
  return jsonAnswer(shown(await look(call, prefix, (seen) => shown(seen).length === 0)));
}

/** What ChartMuseum's probes ask. */
export const museumHealth = (): Response => jsonAnswer({ healthy: true });

/** What answers here, as ChartMuseum tells its version. */
export const museumInfo = ({ version }: Call): Response => jsonAnswer({ version });

const text = (json: string): Response =>
  answer(200, { "content-type": "application/json" }, new TextEncoder().encode(json));

/** A chart's versions; none where there is no such chart. @throws NotAllowed */
async function versionsOf(call: Call, prefix: string, chart: string): Promise<readonly Listed[]> {
  const repository = reach(call, "pull", prefix, chart);
  if (repository === undefined) return [];
  const shelf = await call.registry.indexes.shelf(prefix, (name) => name === repository);
  return shelf.chart(chart)?.versions ?? [];
}

/** helm `pkg/repo/v1`, `IndexFile.Get`: the words are its. ChartMuseum takes a path that ends in a slash for `latest`. */
async function versionOf(call: Call, { prefix, chart, version }: AtVersion): Promise<Listed> {
  const versions = await versionsOf(call, prefix, chart);
  if (versions.length === 0) throw new MuseumError(404, "no chart name found");
  const wanted = version === "latest" ? "" : version;
  const exact = versions.find((each) => each.version === version);
  const found = exact ?? versions.find(within(wanted || "*"));
  if (found === undefined) throw new MuseumError(404, `no chart version found for ${chart}-${wanted}`);
  return found;
}

/** Nobody means more by a range, in characters; 16 KB of `1-1-1…` would take a second to be read. */
const rangeLimit = 256;

/** Whether a version is in a range. @throws MuseumError when it is none */
function within(range: string): (listed: Listed) => boolean {
  const improper = () => new MuseumError(404, `improper constraint: ${range.slice(0, rangeLimit)}`);
  if (range.length > rangeLimit) throw improper();
  try {
    const { allows } = parseRange(range);
    return ({ parsed }) => allows(parsed);
  } catch (error) {
    throw error instanceof ChartroomError ? improper() : error;
  }
}
