import { resolve } from "node:path";
import { ChartroomError } from "../../oci/errors.ts";
import type { Copied, Lost } from "../../registry/backup/copy.ts";
import type { Context } from "../context.ts";
import { print } from "../output.ts";
import { countOf, sizeInWords } from "../words.ts";
import { type DataOptions, dataOf } from "./data.ts";
import type { Told } from "./upkeep/job.ts";
import { perform } from "./upkeep/perform.ts";
import { liveLine } from "./upkeep/progress.ts";
import { inThread } from "./upkeep/thread.ts";

/** `registry backup DIR`: copy what a registry keeps, as it is at this moment, whether it serves or not. */
export async function backup(
  [directory = ""]: string[],
  options: DataOptions,
  context: Context,
): Promise<void> {
  const where = await dataOf(options, context);
  const to = resolve(context.cwd, directory);
  await report("backed up", where.data, to, options, context, (tell) =>
    perform("backup", where, { to }, tell, context),
  );
}

/** `registry restore BACKUP`: make of a backup the data of a registry, where there are none. */
export async function restore(
  [directory = ""]: string[],
  options: DataOptions,
  context: Context,
): Promise<void> {
  const { data: to } = await dataOf(options, context);
  const from = resolve(context.cwd, directory);
  const job = { kind: "restore", root: from, to } as const;
  await report("restored", from, to, options, context, (tell) => inThread(job, tell, context.signal));
}

/** Do the work, show how far it is, and tell what came of it. */
async function report(
  status: "backed up" | "restored",
  from: string,
  to: string,
  options: DataOptions,
  context: Context,
  work: (tell: (told: Told) => void) => Promise<Copied>,
): Promise<void> {
  const lost: Lost[] = [];
  const line = liveLine(options, context);
  const copied = await work((told) => {
    if ("lost" in told) lost.push(told.lost);
    if ("copied" in told)
      line.show(`${status} ${countOf(told.copied.blobs, "blob")}, ${sizeInWords(told.copied.bytes)}`);
  }).finally(() => line.clear());
  const { blobs, bytes, kept, linked, copied: transferred, removed } = copied;
  const how = `${kept} were there, ${linked} linked, ${transferred} copied, ${removed} removed`;
  const lines = lost.map(({ digest, message }) => `lost: ${digest}: ${message}\n`).join("");
  print(context, options, {
    text: `${lines}${to}: ${status} ${countOf(blobs, "blob")}, ${sizeInWords(bytes)} (${how})\n`,
    json: { status: status.replace(" ", "-"), from, to, ...copied, lost },
    quiet: to,
  });
  if (lost.length > 0)
    throw new ChartroomError(
      "not_verified",
      `${from} lacks ${countOf(lost.length, "blob")} that it should have`,
      {
        hint: "All the rest was copied. Push what is named above again.",
      },
    );
}
