import { expect, test } from "bun:test";
import { tcpProxy } from "./tcpProxy.ts";

const echo = () =>
  Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => new Response(await request.bytes()),
  });

test("counts every byte, and cuts a connection after the last one that may pass", async () => {
  const server = echo();
  const proxy = await tcpProxy(`127.0.0.1:${server.port}`);
  try {
    const send = () => fetch(`http://${proxy.host}/`, { method: "POST", body: new Uint8Array(300_000) });
    expect((await (await send()).bytes()).byteLength).toBe(300_000);
    const { up, down } = { ...proxy.moved };
    expect(up).toBeGreaterThan(300_000);
    expect(up).toBeLessThan(302_000);
    expect(down).toBeGreaterThan(300_000);
    const cut = proxy.cutAfter(100_000, "up");
    await expect(send()).rejects.toThrow();
    await cut;
    expect(proxy.moved.up).toBe(up + 100_000);
    expect((await (await send()).bytes()).byteLength).toBe(300_000);
  } finally {
    await proxy.stop();
    await server.stop(true);
  }
});

test("holds a connection open, and others pass", async () => {
  const server = echo();
  const proxy = await tcpProxy(`127.0.0.1:${server.port}`);
  try {
    const held = proxy.holdAfter(10_000, "up");
    const stuck = fetch(`http://${proxy.host}/`, { method: "POST", body: new Uint8Array(300_000) });
    stuck.catch(() => undefined);
    await held;
    const other = await fetch(`http://${proxy.host}/`, { method: "POST", body: "other" });
    expect(await other.text()).toBe("other");
    expect(await Promise.race([stuck.then(() => "answered"), Bun.sleep(50).then(() => "waiting")])).toBe(
      "waiting",
    );
    await proxy.stop();
    await expect(stuck).rejects.toThrow();
  } finally {
    await server.stop(true);
  }
});
