import { ChartroomError } from "../../oci/errors.ts";
import type { Finding } from "../../registry/check/finding.ts";
import type { Context } from "../context.ts";
import { print } from "../output.ts";
import { countOf, sizeInWords } from "../words.ts";
import { type DataOptions, dataOf } from "./data.ts";
import { perform } from "./upkeep/perform.ts";
import { liveLine } from "./upkeep/progress.ts";

interface CheckOptions extends DataOptions {
  readonly shallow?: boolean;
}

/**
 * `registry check`: verify what a registry keeps, bit by bit, whether it serves or not, and name each fault. Exit 6 when there
 * is one; a warning is none, and neither is waste.
 */
export async function check(_args: string[], options: CheckOptions, context: Context): Promise<void> {
  const data = await dataOf(options, context);
  const findings: Finding[] = [];
  const line = liveLine(options, context);
  const looked = await perform(
    "check",
    data,
    { shallow: options.shallow ?? false },
    (told) => {
      if ("finding" in told) findings.push(told.finding);
      if ("looked" in told)
        line.show(`checked ${countOf(told.looked.blobs, "blob")}, ${sizeInWords(told.looked.bytes)}`);
    },
    context,
  ).finally(() => line.clear());
  const { manifests, blobs, bytes } = looked;
  const faults = findings.filter(({ level }) => level === "fault");
  const lines = findings.map(({ level, where, message }) => `${level}: ${where}: ${message}\n`).join("");
  const verdict = faults.length === 0 ? "whole" : countOf(faults.length, "fault");
  const counts = `${countOf(manifests, "manifest")}, ${countOf(blobs, "blob")}, ${sizeInWords(bytes)}`;
  print(context, options, {
    text: `${lines}${counts}: ${verdict}\n`,
    json: {
      status: faults.length === 0 ? "whole" : "faulty",
      ...{ data, manifests, blobs, bytes },
      findings: findings.map(({ level, where, message }) => ({ level, where, message })),
    },
    quiet: faults.length === 0 ? undefined : faults.map(({ where }) => where).join("\n"),
  });
  if (faults.length > 0)
    throw new ChartroomError(
      "not_verified",
      `The registry's data in ${data} have ${countOf(faults.length, "fault")}`,
      {
        hint: "What is not named is whole. docs/operations.md has what to do.",
      },
    );
}
