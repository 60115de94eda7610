import { expect, test } from "bun:test";
import { connect } from "node:net";
import { digestOf } from "../oci/digest.ts";
import { testServer } from "../testing/server.ts";
import { noise } from "../testing/streams.ts";

const bytes = noise(400_000);
const digest = digestOf(bytes);

/** Send a request whose body breaks off after `sent` bytes, by a reset or an orderly end; nobody waits for an answer. */
async function cut(url: string, line: string, sent: number, reset: boolean): Promise<void> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(`${line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${bytes.byteLength}\r\n\r\n`);
  await new Promise((resolve) => socket.write(bytes.subarray(0, sent), resolve));
  // What the server has not taken out of its socket by now, Bun drops with the connection: let it answer others first.
  for (let i = 0; i < 3; i++) await fetch(`${url}/v2/`);
  if (reset) socket.resetAndDestroy();
  else socket.destroy();
}

/**
 * Go on as a client does: from where the session says it is, and after a 416 from where that says.
 * @returns how many bytes need not be sent again
 */
async function finish(url: string, location: string): Promise<number> {
  let offset = Number((await fetch(url + location)).headers.get("upload-offset"));
  for (;;) {
    expect(offset).toBeLessThanOrEqual(bytes.byteLength);
    const headers = { "content-range": `${offset}-${bytes.byteLength - 1}` };
    const rest = offset === bytes.byteLength ? {} : { headers, body: bytes.subarray(offset) };
    const response = await fetch(`${url}${location}?digest=${digest}`, { method: "PUT", ...rest });
    // 404: the request that was cut off had brought everything, and was finished meanwhile.
    if (response.status === 201 || response.status === 404) return offset;
    expect(response.status).toBe(416);
    offset = Number(response.headers.get("upload-offset"));
  }
}

test("an upload whose connection breaks at any byte goes on from there, and nothing is left behind", async () => {
  const server = await testServer();
  const { url } = server;
  try {
    const places = [0, 1, 65_535, 65_536, bytes.byteLength - 1, bytes.byteLength];
    const random = [...noise(3 * 30, 7)];
    while (random.length > 0) {
      const [a = 0, b = 0, c = 0] = random.splice(0, 3);
      places.push(((a << 16) | (b << 8) | c) % bytes.byteLength);
    }
    let spared = 0;
    for (const [i, sent] of places.entries()) {
      const name = `a${i}`;
      const opened = await fetch(`${url}/v2/${name}/blobs/uploads/`, { method: "POST" });
      const location = opened.headers.get("location") ?? "";
      const line = i % 3 === 2 ? `PUT ${location}?digest=${digest}` : `PATCH ${location}`;
      await cut(url, line, sent, i % 2 === 0);
      // All bytes may have come, and the PUT be done: then the session is gone, and the blob is there.
      if ((await fetch(url + location)).status === 204) spared += await finish(url, location);
      const got = await fetch(`${url}/v2/${name}/blobs/${digest}`);
      expect(Buffer.compare(await got.bytes(), bytes)).toBe(0);
    }
    expect(await server.ingests()).toEqual([]);
    // The runtime may lose what it read last; it must not be most.
    expect(spared).toBeGreaterThan(places.reduce((sum, sent) => sum + sent, 0) / 2);
  } finally {
    await server.dispose();
  }
}, 60_000);
