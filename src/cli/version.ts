import { version } from "../../package.json";
import type { Context, GlobalOptions } from "./context.ts";
import { print } from "./output.ts";

/** `chartroom version`: what this program is and which specifications it speaks. */
export async function printVersion(_args: string[], options: GlobalOptions, context: Context): Promise<void> {
  const json = {
    version,
    bun: process.versions.bun,
    os: process.platform,
    arch: process.arch,
    specifications: { image: "1.1.1", distribution: "1.1.1" },
  };
  const text = `chartroom ${version} (bun ${json.bun}, ${json.os}/${json.arch})\n`;
  print(context, options, { text, json, quiet: version });
}
