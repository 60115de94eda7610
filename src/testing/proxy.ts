import { connect, createServer, type Socket } from "node:net";

/** A proxy on this machine. */
export interface TestProxy {
  /** As `HTTP_PROXY` names it, with user and password. */
  readonly url: string;
  /** The request lines it got: `GET http://…`, `CONNECT host:port`. */
  readonly asked: string[];
  stop(): Promise<void>;
}

/**
 * A proxy that leads all requests to one port of this machine, whatever host they name, and lets in who says `user:password`.
 */
export async function testProxy(port: number, user = "proxy:pass"): Promise<TestProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const welcome = `proxy-authorization: Basic ${btoa(user)}`.toLowerCase();
  const server = createServer((near) => {
    sockets.add(near);
    near.on("error", () => undefined);
    let text = "";
    const head = (bytes: Buffer) => {
      text += bytes.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      near.off("data", head);
      const [first = "", ...lines] = text.slice(0, end).split("\r\n");
      asked.push(first.replace(/ HTTP.*$/, ""));
      if (!lines.some((line) => line.toLowerCase() === welcome)) {
        near.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
        return;
      }
      const far = connect(port, "127.0.0.1");
      sockets.add(far);
      far.on("error", () => near.destroy());
      if (first.startsWith("CONNECT ")) near.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      else {
        // One request for each connection, so that the next one's line is seen too.
        const kept = lines.filter((line) => !/^(proxy-|connection:)/i.test(line));
        const start = first.replace(/ https?:\/\/[^/]+/, " ");
        far.write(`${[start, ...kept, "Connection: close"].join("\r\n")}\r\n\r\n`, "latin1");
      }
      far.write(text.slice(end + 4), "latin1");
      near.pipe(far).pipe(near);
    };
    near.on("data", head);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://${user}@127.0.0.1:${address.port}`,
    asked,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
