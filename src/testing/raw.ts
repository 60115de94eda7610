import { connect, type Socket } from "node:net";

/** A connection of which a test writes every byte. */
export async function rawSocket(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  // A server that cuts an attacker off does no wrong.
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

/** What comes on a connection until the other end closes it. */
export async function untilClosed(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
  });
  await new Promise((resolve) => socket.once("close", resolve));
  return text;
}

/** An honest request that ends its connection. */
export const goodbye = "GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/**
 * Write `bytes` by hand, an honest request once something came back, and give all that comes: the server answers that one
 * only where it agrees with the writer about where the others end. (At once it would not do: the runtime drops answers that
 * are due before a request that ends the connection.)
 * @param bytes one character a byte
 */
export async function rawAnswers(url: string, bytes: string): Promise<string> {
  const socket = await rawSocket(url);
  const all = untilClosed(socket);
  socket.once("data", () => socket.write(goodbye));
  socket.write(Buffer.from(bytes, "latin1"));
  return all;
}

/** The statuses of answers, in order. A body before one need not end with a line's end. */
export const statusesOf = (answers: string): number[] =>
  [...answers.matchAll(/HTTP\/1\.[01] (\d{3}) [A-Z]/g)].map(([, status]) => Number(status));
