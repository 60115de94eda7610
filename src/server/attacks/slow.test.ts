// Connections that are held by next to nothing. A body's own watch is tested beside it (`body.test.ts`).
import { expect, test } from "bun:test";
import { rawSocket, untilClosed } from "../../testing/raw.ts";
import { testServer } from "../../testing/server.ts";

const heads: [what: string, first: string, drop: string][] = [
  ["nothing at all", "", ""],
  ["half a head, and no more", "GET /v2/ HTTP/1.1\r\nHo", ""],
  ["a head of one byte now and then", "GET /v2/ HTTP/1.1\r\nHost: x\r\nX-A: ", "a"],
  ["a head of one line now and then", "GET /v2/ HTTP/1.1\r\nHost: x\r\n", "X-A: b\r\n"],
];

// The runtime's own watch, 12 s whatever the idle timeout says (measured at 2 s and at 255 s, Bun 1.4.5); a byte now and then does not renew
// it. Without it a thousand connections would cost an attacker nothing for as long as he likes.
test("a head must be there in time, however it comes", async () => {
  const { url, dispose } = await testServer();
  try {
    const held = await Promise.all(
      heads.map(async ([what, first, drop]) => {
        const socket = await rawSocket(url);
        const all = untilClosed(socket);
        socket.write(first);
        const dripping = setInterval(() => socket.write(drop), 500);
        const answer = await all.finally(() => clearInterval(dripping));
        return [what, answer];
      }),
    );
    expect(held).toEqual(heads.map(([what]) => [what, ""]));
  } finally {
    await dispose();
  }
}, 60_000);
