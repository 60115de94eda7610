import { connect } from "node:net";
import { createServer } from "node:tls";
import { AnsweringServers } from "./answering.ts";
import { makeCertificate, type TestCertificate } from "./certificates.ts";

/** A server on https that asks who comes, and lets everybody in. */
export interface AskingServer {
  readonly url: URL;
  /** Requests in order, as `METHOD path name`, the name of the certificate that was shown last, or `nobody`. */
  readonly seen: string[];
  stop(): Promise<void>;
}

/** Bun's own server does not tell who showed what, so node's stands before it. */
export async function askingServer(
  authority: TestCertificate,
  answer: (request: Request) => Response | Promise<Response>,
): Promise<AskingServer> {
  const behind = new AnsweringServers();
  const port = Number(behind.serve(answer).port);
  const seen: string[] = [];
  const { cert, key } = makeCertificate({ name: "localhost", issuer: authority });
  const server = createServer(
    { cert, key, ca: authority.cert, requestCert: true, rejectUnauthorized: false },
    (near) => {
      const name = near.getPeerCertificate()?.subject?.CN ?? "nobody";
      near.on("data", (bytes) => {
        const [, line] = /^([A-Z]+ \S+) HTTP\/1\.1\r\n/.exec(bytes.toString("latin1")) ?? [];
        if (line !== undefined) seen.push(`${line.replace(/\?.*/, "")} ${name}`);
      });
      const far = connect(port, "127.0.0.1");
      for (const socket of [near, far])
        socket.on("error", () => undefined).on("close", () => [near, far].map((each) => each.destroy()));
      near.pipe(far).pipe(near);
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: new URL(`https://localhost:${address.port}/`),
    seen,
    stop: async () => {
      await behind.closeAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
