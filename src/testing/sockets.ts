import { createServer, type Socket } from "node:net";

/** A server that does to each connection what a test says, once a request's head has come. */
export interface SocketServer {
  readonly port: number;
  /** The heads of the requests that came, in order. */
  readonly heads: string[];
  stop(): Promise<void>;
}

/** @param act what to do with the connection; `count` is 1 for the first request, `rest` what came behind its head */
export async function socketServer(
  act: (socket: Socket, count: number, rest: Buffer) => void,
): Promise<SocketServer> {
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let text = "";
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      heads.push(text.slice(0, end));
      const rest = Buffer.from(text.slice(end + 4), "latin1");
      text = "";
      act(socket, heads.length, rest);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    heads,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
