import { ChartroomError } from "../oci/errors.ts";
import type { RemoteOptions } from "../remote/open.ts";
import { connectionOf } from "./connection.ts";
import type { Context } from "./context.ts";
import { copyMany, jobsOf } from "./copyMany.ts";
import { compileEagerly } from "./jit.ts";
import { openPlace } from "./openPlace.ts";
import { print } from "./output.ts";
import { formatOne, isBelow, namedIn, parsePlace, targetIn, type What } from "./place.ts";
import { progressOf } from "./progress.ts";
import { type StoreOptions, tagsNamed } from "./store.ts";
import { signatureJobs, type Transfers, transfer } from "./transfer.ts";
import { jsonOf, lineOf, quietOf } from "./transferred.ts";

interface CopyOptions extends StoreOptions {
  readonly allTags?: boolean;
  readonly referrers?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly fromPlainHttp?: boolean;
  readonly toPlainHttp?: boolean;
}

/**
 * `copy SRC DST`: a manifest with all it names, or many of them, from any place to any other. A tag that holds another
 * manifest is left alone unless forced. Of many, one that fails does not stop the rest.
 */
export async function copy(
  [src = "", dst = ""]: string[],
  options: CopyOptions,
  context: Context,
): Promise<void> {
  compileEagerly();
  const [from, to] = [parsePlace(src), parsePlace(dst)];
  const many = options.allTags === true || isBelow(from.what);
  checkTarget(dst, to.what, many);
  const progress = progressOf("copied", options, context);
  // One for both: what is broken among the logins is told once, and a helper asked once.
  const connection = await connectionOf(options, context);
  const over = (plainHttp = connection.plainHttp): RemoteOptions => ({ ...connection, plainHttp });
  const transfers: Transfers = {
    source: openPlace(from, { ...over(options.fromPlainHttp), access: "pull" }, options, context),
    target: openPlace(to, { ...over(options.toPlainHttp), access: "push" }, options, context),
    referrers: options.referrers ?? false,
    force: options.force ?? false,
    dryRun: options.dryRun ?? false,
    progress,
    signal: context.signal,
    turns: new Map(),
  };
  try {
    if (!many) return await copyOne(transfers, src, from.what, to.what, options, context);
    const jobs = jobsOf(transfers, src, from.what, to.what);
    if ((await copyMany(transfers, jobs, options, context)) === 0)
      throw new ChartroomError("not_found", `Nothing to copy: there is nothing in ${src}`, {
        hint: "Check its spelling; a registry may also hide what it does not let you read.",
      });
  } finally {
    progress.close();
  }
}

/** @throws ChartroomError `usage` for a target that names what it cannot choose */
function checkTarget(dst: string, what: What, many: boolean): void {
  const refuse = (why: string) => new ChartroomError("usage", `Cannot copy to "${dst}": ${why}`);
  if (what === undefined || isBelow(what)) return;
  if (what.digest !== undefined) throw refuse("a digest cannot be chosen");
  if (what.repository !== "" && !what.repository.includes("/")) throw refuse("the registry is missing");
  if (many && what.tag !== undefined) throw refuse("many tags do not fit into one");
}

async function copyOne(
  transfers: Transfers,
  src: string,
  from: What,
  to: What,
  options: CopyOptions,
  context: Context,
): Promise<void> {
  if (from === undefined || isBelow(from) || (from.tag ?? from.digest) === undefined)
    throw await notNamed(transfers, src, from);
  let done = await transfer(transfers, { source: from, target: targetIn(to, from, "") });
  if (transfers.referrers)
    for (const job of await signatureJobs(transfers, done)) {
      await transfer(transfers, job);
      done = { ...done, referrers: done.referrers + 1 };
    }
  transfers.progress.clear();
  print(context, options, { text: lineOf(done), json: jsonOf(done), quiet: quietOf(done) });
}

/** The error for a source that does not say which manifest, with those that there are. */
async function notNamed({ source }: Transfers, src: string, what: What): Promise<ChartroomError> {
  const found: string[] = [];
  for await (const { repository, names } of source.list(what ?? { prefix: "" }))
    found.push(
      ...(await names().catch(nothingNamed)).map((each) =>
        what === undefined ? formatOne(namedIn(repository, each)) : each,
      ),
    );
  const named = found.slice(0, tagsNamed).join(", ") + (found.length > tagsNamed ? ", …" : "");
  const all = what === undefined ? "A / at the end copies all." : "--all-tags copies all.";
  return new ChartroomError("usage", `Cannot tell what of ${src} to copy: expected a tag or digest`, {
    hint: found.length === 0 ? "There is none in it." : `There are: ${named}. ${all}`,
  });
}

/** An entry that cannot be named hides none of the others. */
function nothingNamed(error: unknown): [] {
  if (error instanceof ChartroomError && error.code === "invalid") return [];
  throw error;
}
