import { check as checkLayout } from "../../layout/check.ts";
import { repair } from "../../layout/repair.ts";
import { ChartroomError } from "../../oci/errors.ts";
import type { Context } from "../context.ts";
import { compileEagerly } from "../jit.ts";
import { print } from "../output.ts";
import { openStore, type StoreOptions } from "../store.ts";
import { countOf, sizeInWords } from "../words.ts";

interface CheckOptions extends StoreOptions {
  readonly repair?: boolean;
}

/**
 * `chart check`: read the whole store and name each fault. Exit 6 when there is one; a warning is none. With `--repair`
 * what can be mended is mended first, each thing said; what remains is named.
 */
export async function check(_args: string[], options: CheckOptions, context: Context): Promise<void> {
  compileEagerly();
  const layout = openStore(options, context);
  const repairs = options.repair ? await repair(layout, context.signal) : [];
  const { names, blobs, bytes, findings } = await checkLayout(layout, context.signal);
  const faults = findings.filter(({ level }) => level === "fault");
  const lines = [
    ...repairs.map(({ where, message }) => `repaired: ${where}: ${message}\n`),
    ...findings.map(({ level, where, message }) => `${level}: ${where}: ${message}\n`),
  ].join("");
  const verdict = faults.length === 0 ? "whole" : countOf(faults.length, "fault");
  print(context, options, {
    text: `${lines}${countOf(names, "reference")}, ${countOf(blobs, "blob")}, ${sizeInWords(bytes)}: ${verdict}\n`,
    json: {
      status: faults.length === 0 ? "whole" : "faulty",
      references: names,
      blobs,
      bytes,
      findings,
      ...(options.repair && { repairs }),
    },
    quiet: findings.length === 0 ? undefined : findings.map(({ where }) => where).join("\n"),
  });
  if (faults.length > 0)
    throw new ChartroomError(
      "not_verified",
      `The store ${layout.directory} has ${countOf(faults.length, "fault")}`,
      {
        hint: options.repair
          ? "Pull or save the charts named above again, or remove them; what is not named is whole."
          : "Pull or save the charts named above again; what is not named is whole. --repair mends what it can.",
      },
    );
}
