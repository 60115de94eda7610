import { connect, createServer, type Socket } from "node:net";

/** `up` is from the client to the server. */
export type Direction = "up" | "down";

/** A way to a server on this machine that counts what goes over it, and breaks when a test says so. */
export interface TcpProxy {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Bytes handed on, in each direction, heads and bodies of all connections together. */
  readonly moved: Record<Direction, number>;
  /** Cut every connection once so many more bytes went that way. */
  cutAfter(bytes: number, direction: Direction): Promise<void>;
  /** Lose what comes behind so many more bytes that went that way, on the connection that brings it, and leave it open. */
  holdAfter(bytes: number, direction: Direction): Promise<void>;
  stop(): Promise<void>;
}

/** What happens to the connection that brings the last of so many bytes. */
interface Gate {
  readonly direction: Direction;
  left: number;
  shut(from: Socket): void;
}

/** @param to the server's `host:port` on 127.0.0.1 */
export async function tcpProxy(to: string): Promise<TcpProxy> {
  const moved = { up: 0, down: 0 };
  const sockets = new Set<Socket>();
  let gate: Gate | undefined;

  /** Bytes of one connection, in one direction, at the pace of who takes them. */
  const hand = (from: Socket, onTo: Socket, direction: Direction) => {
    sockets.add(from);
    from.on("data", (bytes: Buffer) => {
      const open = gate?.direction === direction ? gate : undefined;
      const part = open === undefined ? bytes : bytes.subarray(0, open.left);
      moved[direction] += part.length;
      if (!onTo.write(part)) from.pause();
      if (open === undefined) return;
      open.left -= part.length;
      if (open.left > 0) return;
      gate = undefined;
      // Read on all the same: a socket that nobody reads does not tell that its other side is gone.
      from.removeAllListeners("data").resume();
      open.shut(from);
    });
    onTo.on("drain", () => from.resume());
    from.on("error", () => undefined);
    // What was handed on arrives, before the end does.
    from.on("close", () => {
      sockets.delete(from);
      onTo.end();
    });
  };

  const server = createServer((near) => {
    const far = connect(Number(to.split(":")[1]), "127.0.0.1");
    hand(near, far, "up");
    hand(far, near, "down");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  const gateAt = (left: number, direction: Direction, shut: (from: Socket) => void) =>
    new Promise<void>((resolve) => {
      gate = {
        direction,
        left,
        shut: (from) => {
          shut(from);
          resolve();
        },
      };
    });
  return {
    host: `127.0.0.1:${address.port}`,
    moved,
    cutAfter: (bytes, direction) =>
      gateAt(bytes, direction, () => {
        for (const socket of sockets) socket.end();
      }),
    holdAfter: (bytes, direction) => gateAt(bytes, direction, () => {}),
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
