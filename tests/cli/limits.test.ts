import { expect } from "bun:test";
import { onBench } from "./cli.ts";

const size = { "content-length": "2000" };
const upload = "/v2/a/blobs/uploads/?digest=sha256:";

onBench(
  "limits of the configuration turn away who asks for more, and the log keeps its calm",
  async (bench) => {
    const registry = await bench.configured("chartroom", (host, folder) => ({
      version: 0.1,
      storage: { filesystem: { rootdirectory: `${folder}/data` } },
      http: { addr: host, trustedproxies: ["127.0.0.1"] },
      limits: { requests: { address: 1, burst: 3 }, blob: "1KiB", uploads: { total: 1 } },
    }));
    const ask = (from: string, path = "/v2/", init: RequestInit = {}) =>
      fetch(`http://${registry.host}${path}`, {
        ...init,
        headers: { "x-forwarded-for": from, ...init.headers },
      });
    const statuses = [];
    for (let times = 0; times < 5; times++) statuses.push((await ask("192.0.2.1")).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    expect(Number((await ask("192.0.2.1")).headers.get("retry-after"))).toBe(1);
    expect((await ask("192.0.2.2")).status).toBe(200);
    const large = { method: "POST", body: new Uint8Array(2000), headers: size };
    expect((await ask("192.0.2.3", `${upload}${"0".repeat(64)}`, large)).status).toBe(413);

    const { readable, writable } = new TransformStream<Uint8Array>();
    const open = (await ask("192.0.2.4", "/v2/a/blobs/uploads/", { method: "POST" })).headers.get("location");
    const first = ask("192.0.2.4", open ?? "", { method: "PATCH", body: readable });
    const writer = writable.getWriter();
    await writer.write(new Uint8Array(10));
    const other = (await ask("192.0.2.5", "/v2/a/blobs/uploads/", { method: "POST" })).headers.get(
      "location",
    );
    let count = 0;
    const another = () => ask(`198.51.100.${++count}`, other ?? "", { method: "PATCH", body: "x" });
    // Until the first is under way the next one has its place.
    let refused = await another();
    while (refused.status === 202) refused = await another();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    await writer.close();
    expect((await first).status).toBe(202);
    expect((await another()).status).toBe(202);
    await registry.stop();
    const log = await registry.log();
    expect(log).toContain('"status":503');
    expect(log).not.toContain('"level":"error"');
  },
);
