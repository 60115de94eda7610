import { expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { digestOf } from "../oci/digest.ts";
import { testServer } from "../testing/server.ts";
import { noise } from "../testing/streams.ts";
import { Wholes } from "./wholes.ts";

const size = 4 * 1024 * 1024;

test("so many are held; when some are through there is room again", () => {
  const wholes = new Wholes();
  const through = new Set<number>();
  const take = (number: number) => wholes.take(size, () => through.has(number));
  expect(Array.from({ length: 18 }, (_, number) => take(number))).toEqual([
    ...Array.from({ length: 16 }, () => true),
    false,
    false,
  ]);
  through.add(3);
  through.add(7);
  expect([take(18), take(19), take(20)]).toEqual([true, true, false]);
});

test("small ones are always held, and take no room", () => {
  const wholes = new Wholes();
  for (let number = 0; number < 10_000; number++) expect(wholes.take(256 * 1024, () => false)).toBe(true);
  expect(wholes.take(size, () => false)).toBe(true);
});

test("when clients take nothing the next ones get streams, until those are gone", async () => {
  const server = await testServer();
  const [bytes, { port }] = [noise(size), new URL(server.url)];
  const path = `/v2/a/blobs/${digestOf(bytes)}`;
  await fetch(`${server.url}/v2/a/blobs/uploads/?digest=${digestOf(bytes)}`, { method: "POST", body: bytes });
  const length = async () => {
    const response = await fetch(server.url + path);
    expect((await response.bytes()).byteLength).toBe(size);
    return response.headers.get("content-length");
  };
  const stalled: Socket[] = [];
  expect(await length()).toBe(`${size}`);
  for (let count = 0; count < 16; count++) {
    const socket = connect(Number(port), "127.0.0.1").pause();
    socket.write(`GET ${path} HTTP/1.1\r\nHost: here\r\n\r\n`);
    stalled.push(socket);
  }
  while (server.logged().split(`GET ${path} 200`).length - 1 < 17) await Bun.sleep(10);
  expect(await length()).toBeNull();
  for (const socket of stalled) socket.destroy();
  while ((await length()) === null) await Bun.sleep(10);
  await server.dispose();
});
