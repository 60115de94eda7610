import { createHandler, type HandlerOptions } from "./handler.ts";
import type { Address } from "./listen.ts";
import { type Listener, listen, type ServerTls } from "./listener.ts";

export interface ServerOptions extends HandlerOptions {
  readonly addresses: readonly Address[];
  /** Plain HTTP where there is none. */
  readonly tls?: ServerTls | undefined;
}

/** A server that runs. Its `stop` lets upload sessions keep what came, and every request is through when it resolves. */
export type RunningServer = Listener;

/**
 * Serve a registry over HTTP.
 * @throws ChartroomError as `listen`
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { addresses, tls, log } = options;
  const handle = createHandler(options);
  let underWay = 0;
  let through = () => {};
  const counted = async (answered: Promise<Response>) => {
    underWay++;
    const response = await answered;
    if (--underWay === 0) through();
    return response;
  };
  const listener = await listen(addresses, tls, (request, peer) => {
    const answered = handle(request, peer);
    return answered instanceof Promise ? counted(answered) : answered;
  });
  return {
    ...listener,
    async stop(deadline) {
      await listener.stop(deadline);
      if (underWay > 0)
        await new Promise<void>((resolve) => {
          through = resolve;
        });
      log.flush();
    },
  };
}
