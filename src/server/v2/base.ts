import { answer, jsonAnswer } from "../answer.ts";
import type { Call } from "../call.ts";

/** Whoever comes by with a browser or a probe is told what this is. */
export async function welcome({ root }: Call): Promise<Response> {
  const text = `This is a Chartroom registry. Its API answers at ${root}/v2/.\n`;
  return answer(200, { "content-type": "text/plain; charset=utf-8" }, new TextEncoder().encode(text));
}

/** distribution-spec, "Determining Support": that this answers 200 is all it says. */
export const base = async (): Promise<Response> => jsonAnswer({});
