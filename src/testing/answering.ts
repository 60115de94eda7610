/** Servers of one test, which end with it: call `closeAll` in `afterEach`. */
export class AnsweringServers {
  readonly #closing: (() => unknown)[] = [];

  /** A server that answers with `fetch`, over https where it has a certificate; gives its URL. */
  serve(fetch: (request: Request) => Response | Promise<Response>, tls?: Bun.TLSOptions): URL {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", ...(tls && { tls }), fetch });
    this.closeLater(() => server.stop(true));
    return new URL(`${tls ? "https" : "http"}://localhost:${server.port}/`);
  }

  /** Something else that is to end with the test. */
  closeLater(close: () => unknown): void {
    this.#closing.push(close);
  }

  async closeAll(): Promise<void> {
    for (const close of this.#closing.splice(0)) await close();
  }
}
