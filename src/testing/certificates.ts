import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";

/** A certificate and its private key, in PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
  /** Its subject's common name. */
  readonly name: string;
}

export interface CertificateOptions {
  /** The DNS name it is for; of an authority just a name. */
  readonly name: string;
  /** Who signs it; without, it signs itself. */
  readonly issuer?: TestCertificate;
  readonly authority?: boolean;
  readonly from?: Date;
  readonly until?: Date;
}

const day = 24 * 60 * 60 * 1000;

/** A certificate (X.509 v3, RFC 5280, P-256), made here so that tests need neither openssl nor a key in the repository. */
export function makeCertificate(options: CertificateOptions): TestCertificate {
  const { name, issuer, authority = false } = options;
  const { from = new Date(Date.now() - day), until = new Date(Date.now() + day) } = options;
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const basicConstraints = authority
    ? [extension("2.5.29.19", sequence(tlv(0x01, Buffer.from([0xff]))))]
    : [];
  const alternativeName = extension("2.5.29.17", sequence(tlv(0x82, Buffer.from(name))));
  const algorithm = sequence(oid("1.2.840.10045.4.3.2")); // ecdsa-with-SHA256
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))), // version 3
    tlv(0x02, Buffer.from(crypto.getRandomValues(new Uint8Array(8)).with(0, 0x11))), // serial number, positive
    algorithm,
    commonName(issuer?.name ?? name),
    sequence(time(from), time(until)),
    commonName(name),
    publicKey.export({ type: "spki", format: "der" }),
    tlv(0xa3, sequence(...basicConstraints, alternativeName)),
  );
  const signature = sign("sha256", body, issuer === undefined ? privateKey : createPrivateKey(issuer.key));
  const whole = sequence(body, algorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = whole.toString("base64").replace(/.{64}(?=.)/g, "$&\n");
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    name,
  };
}

/** Tag, length, value: all there is to DER (X.690 §8.1). */
function tlv(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}

const sequence = (...parts: Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts));
const commonName = (name: string): Buffer =>
  sequence(tlv(0x31, sequence(oid("2.5.4.3"), tlv(0x0c, Buffer.from(name)))));
const extension = (id: string, value: Buffer): Buffer => sequence(oid(id), tlv(0x04, value));
const time = (date: Date): Buffer =>
  tlv(0x17, Buffer.from(date.toISOString().replace(/^..|[-:T]|\.\d+/g, "")));

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = rest.flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) digits.unshift(0x80 | (left & 0x7f));
    return digits;
  });
  return tlv(0x06, Buffer.from([first * 40 + second, ...bytes]));
}
