import { connect, type Socket } from "node:net";

/** What came back, and how long its last byte took, ms. */
export interface Answer {
  readonly status: number;
  /** The path that `Link` says comes next. */
  readonly next: string | undefined;
  readonly took: number;
}

/** One connection that is kept, with one request on it at a time: what a client is to a server, without a client's own work. */
export class Caller {
  readonly #socket: Socket;
  readonly #host: string;
  #answered: ((answer: Omit<Answer, "took">) => void) | undefined;
  #failed: (error: Error) => void = () => {};
  #pieces: Buffer[] = [];

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.on("data", (piece) => this.#take(typeof piece === "string" ? Buffer.from(piece) : piece));
    socket.on("error", (error) => this.#failed(error));
    socket.on("close", () => this.#failed(new Error("the connection was closed")));
  }

  /** @param host `127.0.0.1:PORT` */
  static open(host: string): Promise<Caller> {
    const { hostname, port } = new URL(`http://${host}`);
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => resolve(new Caller(socket, host)));
      socket.once("error", reject);
    });
  }

  async get(path: string): Promise<Answer> {
    const began = performance.now();
    const answer = await new Promise<Omit<Answer, "took">>((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
      this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n\r\n`);
    });
    return { ...answer, took: performance.now() - began };
  }

  close(): void {
    this.#failed = () => {};
    this.#socket.destroy();
  }

  /** An answer is whole once as many bytes came as its head says: a server of ours says so of all that is small. */
  #take(piece: Buffer): void {
    this.#pieces.push(piece);
    const bytes = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces);
    this.#pieces = [bytes];
    const end = bytes.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = bytes.toString("latin1", 0, end);
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1]);
    if (bytes.byteLength < end + 4 + length) return;
    this.#pieces = [];
    this.#answered?.({
      status: Number(head.slice(9, 12)),
      next: /^link: <([^>]+)>/im.exec(head)?.[1],
    });
  }
}
