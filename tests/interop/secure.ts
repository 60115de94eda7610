import { makeCertificate } from "../../src/testing/certificates.ts";
import { user } from "./helm.ts";
import type { Bench } from "./support.ts";

/** A registry over https. */
export interface SecureRegistry {
  /** `localhost:PORT`. */
  readonly host: string;
  /** The file of the certificate that vouches for it, and that nobody trusts unasked. */
  readonly authority: string;
}

/** Our registry with users, over https alone, under a certificate that only `authority` vouches for. */
export async function secure(bench: Bench): Promise<SecureRegistry> {
  const authority = makeCertificate({ name: "Test authority", authority: true });
  const server = makeCertificate({ name: "localhost", issuer: authority });
  const paths = { authority: bench.path("ca.pem"), cert: bench.path("cert.pem"), key: bench.path("key.pem") };
  await Bun.write(paths.authority, authority.cert);
  await Bun.write(paths.cert, server.cert);
  await Bun.write(paths.key, server.key);
  const env = { CHARTROOM_TLS_CERT: paths.cert, CHARTROOM_TLS_KEY: paths.key };
  const { host } = await bench.chartroom([user], env);
  return { host: host.replace("127.0.0.1", "localhost"), authority: paths.authority };
}
