import type { Candidate } from "../../registry/candidates.ts";
import type { Context } from "../context.ts";
import { print } from "../output.ts";
import { countOf, sizeInWords } from "../words.ts";
import { type DataOptions, dataOf } from "./data.ts";
import { perform } from "./upkeep/perform.ts";

interface CollectOptions extends DataOptions {
  readonly dryRun?: boolean;
  readonly now?: boolean;
  readonly deleteUntagged?: boolean;
}

/** `registry gc`: free what nothing names any more, whether the registry serves or not. */
export const gc = (_args: string[], options: CollectOptions, context: Context): Promise<void> =>
  collect(undefined, options, context);

/** `registry garbage-collect CONFIG`: the same by CNCF Distribution's words. */
export const garbageCollect = ([file]: string[], options: CollectOptions, context: Context): Promise<void> =>
  collect(file, options, context);

async function collect(file: string | undefined, options: CollectOptions, context: Context): Promise<void> {
  const where = await dataOf(options, context, file);
  const { dryRun = false, now = false, deleteUntagged = false } = options;
  const candidates: Candidate[] = [];
  const collected = await perform(
    "gc",
    where,
    { dryRun, now, deleteUntagged },
    (told) => {
      if ("candidate" in told) candidates.push(told.candidate);
    },
    context,
  );
  const moment = context.now();
  const lines = candidates.map((each) => `${inWords(each, moment)}\n`).join("");
  const { blobs, contents, bytes, manifests } = collected;
  const verb = dryRun ? "Would free" : "Freed";
  const deleted = deleteUntagged || manifests > 0 ? `${countOf(manifests, "manifest")}, ` : "";
  print(context, options, {
    text: `${lines}${verb} ${deleted}${countOf(contents, "blob")}, ${sizeInWords(bytes)}\n`,
    json: {
      status: dryRun ? "dry-run" : "collected",
      ...{ data: where.data, manifests, blobs, contents, bytes },
      ...(dryRun && { candidates }),
    },
    quiet: undefined,
  });
}

/** What would go, why, and when. */
function inWords(candidate: Candidate, moment: number): string {
  const { digest, size } = candidate;
  if (candidate.kind === "bytes") return `${digest}: ${sizeInWords(size)}, no repository has it`;
  const { repository, since, due } = candidate;
  const stays = due > moment ? `, and it stays until ${dateOf(due)}` : "";
  if (candidate.kind === "manifest")
    return `${repository}@${digest}: no tag, no index and no subject has held it since ${dateOf(since)}${stays}`;
  const from = `no manifest has named it since ${dateOf(since)}`;
  const frees = candidate.last ? sizeInWords(size) : "nothing, since another repository has it";
  return `${repository}: ${digest}: ${frees}; ${from}${stays}`;
}

const dateOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
