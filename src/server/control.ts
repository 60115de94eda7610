import { rm } from "node:fs/promises";
import { jsonAnswer } from "./answer.ts";
import { refusalOf } from "./listen.ts";

/** Something that whoever owns the data does for whoever asks. What it is given, tells and gives is JSON. */
export type ControlTask = (
  options: unknown,
  tell: (told: unknown) => void,
  signal: AbortSignal,
) => Promise<unknown>;

export interface ControlOptions {
  /** The path of the socket. What stands there is taken away: who holds the data directory knows that it is nobody's. */
  readonly path: string;
  /** This program's version. */
  readonly version: string;
  readonly tasks: ReadonlyMap<string, ControlTask>;
  /** An error as its reader should see it, as JSON. */
  readonly failureOf: (error: unknown) => unknown;
}

/** A socket that answers. */
export interface Control {
  /** Stop what is under way with this reason, and answer no more. */
  stop(reason: Error): Promise<void>;
}

/** A line of an answer: something that is told on the way, what came of it at last, or why it failed. */
export type ControlLine =
  | { readonly told: unknown }
  | { readonly done: unknown }
  | { readonly failed: unknown };

/** The first part of each path: another number, another protocol. */
export const controlProtocol = "1";

/**
 * Answer on a socket in the data directory, which its owner alone can open: `POST /1/TASK` with options in JSON is answered
 * with lines of JSON, as they come. A client that goes away ends its task.
 * @throws ChartroomError when the system has no sockets there
 */
export async function startControl({ path, version, tasks, failureOf }: ControlOptions): Promise<Control> {
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();

  async function answer(request: Request): Promise<Response> {
    const [, protocol, name = ""] = new URL(request.url).pathname.split("/");
    const task = protocol === controlProtocol && request.method === "POST" ? tasks.get(name) : undefined;
    const headers = { "chartroom-version": version };
    if (task === undefined) return jsonAnswer({ version }, 404, headers);
    const options: unknown = await request.json().catch(() => undefined);
    const gone = new AbortController();
    const signal = AbortSignal.any([stopping.signal, gone.signal]);
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        const line = (each: ControlLine) => {
          if (!gone.signal.aborted) controller.enqueue(new TextEncoder().encode(`${JSON.stringify(each)}\n`));
        };
        const work = task(options, (told) => line({ told }), signal)
          .then(
            (done) => line({ done }),
            (error: unknown) => line({ failed: failureOf(error) }),
          )
          .then(() => {
            if (!gone.signal.aborted) controller.close();
            underWay.delete(work);
          });
        underWay.add(work);
      },
      cancel: () => gone.abort(),
    });
    return new Response(body, { headers: { ...headers, "content-type": "application/x-ndjson" } });
  }

  await rm(path, { force: true });
  const server = listenAlone(path, answer);
  return {
    async stop(reason) {
      stopping.abort(reason);
      await Promise.all(underWay);
      await server.stop();
      await rm(path, { force: true });
    },
  };
}

/** Listen on a socket that is its owner's alone from its first moment on. */
function listenAlone(path: string, answer: (request: Request) => Promise<Response>) {
  const before = process.umask(0o177);
  try {
    // A task may be silent for as long as it takes. Bun's types do not know the timeout of sockets, which is held (listener.ts).
    const idle: object = { idleTimeout: 0 };
    return Bun.serve({ unix: path, ...idle, development: false, fetch: answer });
  } catch (error) {
    throw refusalOf({ socket: path }, error);
  } finally {
    process.umask(before);
  }
}
