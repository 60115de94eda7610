import { ChartroomError } from "../../oci/errors.ts";
import type { Finding } from "../../registry/check/finding.ts";
import type { Repaired } from "../../registry/check/repair.ts";
import type { Context } from "../context.ts";
import { print } from "../output.ts";
import { countOf, sizeInWords } from "../words.ts";
import { type DataOptions, dataOf } from "./data.ts";
import { perform } from "./upkeep/perform.ts";
import { liveLine } from "./upkeep/progress.ts";

interface CheckOptions extends DataOptions {
  readonly shallow?: boolean;
  readonly repair?: boolean;
}

/**
 * `registry check`: verify what a registry keeps, bit by bit, whether it serves or not, and name each fault. Exit 6 when there
 * is one; a warning is none, and neither is waste. With `--repair` what can be mended is mended, each thing said; what is lost
 * stays a fault, because somebody has to push it again.
 */
export async function check(_args: string[], options: CheckOptions, context: Context): Promise<void> {
  const where = await dataOf(options, context);
  const { shallow = false, repair = false } = options;
  const findings: Finding[] = [];
  const repairs: Repaired[] = [];
  const line = liveLine(options, context);
  const { manifests, blobs, bytes } = await perform(
    "check",
    where,
    { shallow, repair },
    (each) => {
      if ("finding" in each) findings.push(each.finding);
      if ("repaired" in each) repairs.push(each.repaired);
      if ("looked" in each)
        line.show(`checked ${countOf(each.looked.blobs, "blob")}, ${sizeInWords(each.looked.bytes)}`);
    },
    context,
  ).finally(() => line.clear());
  const mended = new Set(repairs.filter(({ lost }) => !lost).map((each) => each.where));
  const left = findings.filter((each) => !mended.has(each.where));
  const told = new Set(repairs.map((each) => each.where));
  const faults = left.filter(({ level }) => level === "fault");
  const lines = [
    ...repairs.map((each) => `${each.lost ? "lost" : "repaired"}: ${each.where}: ${each.message}\n`),
    ...left
      .filter((each) => !told.has(each.where))
      .map(({ level, where: which, message }) => `${level}: ${which}: ${message}\n`),
  ].join("");
  const verdict = faults.length === 0 ? "whole" : countOf(faults.length, "fault");
  const counts = `${countOf(manifests, "manifest")}, ${countOf(blobs, "blob")}, ${sizeInWords(bytes)}`;
  print(context, options, {
    text: `${lines}${counts}: ${verdict}\n`,
    json: {
      status: faults.length === 0 ? "whole" : "faulty",
      ...{ data: where.data, manifests, blobs, bytes },
      findings: left.map(({ level, where: which, message }) => ({ level, where: which, message })),
      ...(repair && { repairs }),
    },
    quiet: faults.length === 0 ? undefined : faults.map((each) => each.where).join("\n"),
  });
  if (faults.length > 0)
    throw new ChartroomError(
      "not_verified",
      `The registry's data in ${where.data} have ${countOf(faults.length, "fault")}`,
      {
        hint: repair
          ? "Push what is named above again; what is not named is whole."
          : "What is not named is whole. --repair mends what it can.",
      },
    );
}
