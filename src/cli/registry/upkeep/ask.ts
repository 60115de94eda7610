import { errorCode } from "../../../files/filesystem.ts";
import { ChartroomError } from "../../../oci/errors.ts";
import { type ControlLine, controlProtocol } from "../../../server/control.ts";
import type { Explanation } from "../../exit.ts";
import { errorOf } from "./thread.ts";

/** Nobody answers on the socket. */
export class NobodyAnswers extends Error {}

/** How the system says that nobody listens on a socket. */
const silent = new Set(["ENOENT", "ECONNREFUSED", "ECONNRESET"]);

/** Bun's fetch takes the path of a socket; its types say so, ours are the web's. */
interface SocketRequest extends RequestInit {
  readonly unix: string;
  /** No time limit: a task takes as long as it takes. */
  readonly timeout: false;
}

/**
 * Ask who owns a data directory to do something, over the socket there.
 * @returns what came of it
 * @throws NobodyAnswers; ChartroomError as the task does, `not_allowed` when the socket is another user's, `conflict` when a
 *   chartroom of another version answers, `remote` when it ends in the middle; the signal's reason
 */
export async function askOwner(
  socket: string,
  task: string,
  options: object,
  tell: (told: unknown) => void,
  signal: AbortSignal,
): Promise<unknown> {
  const request: SocketRequest = {
    unix: socket,
    method: "POST",
    body: JSON.stringify(options),
    signal,
    timeout: false,
  };
  const response = await fetch(`http://registry/${controlProtocol}/${task}`, request).catch(
    (error: unknown) => {
      signal.throwIfAborted();
      const code = errorCode(error) ?? "";
      if (silent.has(code)) throw new NobodyAnswers();
      if (code === "EACCES" || code === "EPERM") throw notAllowed(socket);
      throw error;
    },
  );
  if (response.status !== 200)
    throw new ChartroomError(
      "conflict",
      `The registry that owns ${socket} is another version of chartroom (${response.headers.get("chartroom-version") ?? "unknown"}), and does not know "${task}"`,
      { hint: "Use the program of that version, or start the registry again with this one." },
    );
  try {
    for await (const line of linesOf(response.body)) {
      const each: ControlLine = JSON.parse(line);
      if ("told" in each) tell(each.told);
      else if ("failed" in each) throw errorOf(each.failed as Explanation);
      else return each.done;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ChartroomError) throw error;
  }
  throw new ChartroomError("remote", `The registry ended before "${task}" was through`, {
    hint: "Run it again to go on.",
  });
}

/** The refusal to touch what another user owns. */
export const notAllowed = (path: string): ChartroomError =>
  new ChartroomError("not_allowed", `Cannot reach the registry's data: ${path} is another user's`, {
    hint: "Run this as the user that the registry runs as.",
  });

/** The lines of a body, as they come. */
async function* linesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body ?? []) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
