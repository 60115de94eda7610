import { makeCertificate } from "../../src/testing/certificates.ts";
import { user } from "./helm.ts";
import type { Bench, Registry } from "./support.ts";

/** A registry over https. */
export interface SecureRegistry {
  /** `localhost:PORT`. */
  readonly host: string;
  /** The file of the certificate that vouches for it, and that nobody trusts unasked. */
  readonly authority: string;
}

/** A certificate for localhost, as paths of PEM files. */
interface Certified {
  readonly authority: string;
  readonly cert: string;
  readonly key: string;
}

/** Our registry with users, over https alone, under a certificate that only `authority` vouches for. */
export async function secure(bench: Bench): Promise<SecureRegistry> {
  const { authority, cert, key } = await certified(bench);
  const { host } = await bench.chartroom([user], { CHARTROOM_TLS_CERT: cert, CHARTROOM_TLS_KEY: key });
  return { host: host.replace("127.0.0.1", "localhost"), authority };
}

/** A registry of ours that speaks plain http, with nginx before it that speaks https. */
export async function behindNginx(bench: Bench, registry: Registry): Promise<SecureRegistry> {
  const { authority, cert, key } = await certified(bench);
  const { host } = await bench.nginx(registry, { cert, key });
  return { host: host.replace("127.0.0.1", "localhost"), authority };
}

async function certified(bench: Bench): Promise<Certified> {
  const authority = makeCertificate({ name: "Test authority", authority: true });
  const server = makeCertificate({ name: "localhost", issuer: authority });
  const paths = { authority: bench.path("ca.pem"), cert: bench.path("cert.pem"), key: bench.path("key.pem") };
  await Bun.write(paths.authority, authority.cert);
  await Bun.write(paths.cert, server.cert);
  await Bun.write(paths.key, server.key);
  return paths;
}
