import type { Notifications } from "../notify/notifications.ts";
import type { Access, Authenticator } from "../registry/access.ts";
import type { Registry } from "../registry/registry.ts";
import type { Front } from "./front.ts";
import { createHandler, type PageLimits } from "./handler.ts";
import type { Limits } from "./limits.ts";
import type { Address } from "./listen.ts";
import { type Listener, listen, type ServerTls } from "./listener.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";

export interface ServerOptions {
  readonly registry: Registry;
  /** Who may enter; everyone where there is none. */
  readonly authenticator?: Authenticator | undefined;
  /** Who may do what; where it is not said, whoever may enter may everything. */
  readonly access?: Access | undefined;
  /** The path below which everything answers, as `/team`; the server's root where it is empty. */
  readonly root?: string | undefined;
  readonly addresses: readonly Address[];
  /** Plain HTTP where there is none. */
  readonly tls?: ServerTls | undefined;
  readonly log: Log;
  /** Of this program, for whoever asks. */
  readonly version?: string | undefined;
  /** Now, ms since 1970. */
  readonly now: () => number;
  readonly front?: Front | undefined;
  readonly readOnly?: boolean | undefined;
  readonly pages?: PageLimits | undefined;
  readonly metrics?: Metrics | undefined;
  readonly notifications?: Notifications | undefined;
  readonly limits?: Limits | undefined;
  readonly stall?: number | undefined;
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
  const underWay = new Set<Promise<unknown>>();
  const listener = await listen(addresses, tls, (request, peer) => {
    const answered = handle(request, peer);
    underWay.add(answered);
    void answered.finally(() => underWay.delete(answered));
    return answered;
  });
  return {
    ...listener,
    async stop(deadline) {
      await listener.stop(deadline);
      await Promise.all(underWay);
      log.flush();
    },
  };
}
