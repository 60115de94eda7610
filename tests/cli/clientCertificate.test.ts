import { expect } from "bun:test";
import { writeFile } from "node:fs/promises";
import { makeCertificate } from "../../src/testing/certificates.ts";
import { archiveOf, indexOf, rowOf } from "../../src/testing/migrate.ts";
import { jsonOf, onBench, refusalOf } from "./cli.ts";

onBench(
  "a repository that wants a client certificate is migrated with one, and no other host is told the login",
  async (bench) => {
    const authority = makeCertificate({ name: "authority", authority: true });
    const server = makeCertificate({ name: "localhost", issuer: authority });
    const client = makeCertificate({ name: "client", issuer: authority });
    for (const [file, pem] of [
      ["ca.pem", authority.cert],
      ["client.pem", client.cert],
      ["client.key", client.key],
    ] as const)
      await writeFile(bench.path(file), pem);
    const told: (string | null)[] = [];
    const elsewhere = Bun.serve({
      ...{ port: 0, hostname: "localhost", tls: { cert: server.cert, key: server.key } },
      async fetch(request) {
        told.push(request.headers.get("authorization"));
        return new Response(await archiveOf("b", "1.0.0"));
      },
    });
    const index = indexOf([
      rowOf("a", "1.0.0"),
      rowOf("b", "1.0.0", { urls: [`https://localhost:${elsewhere.port}/b-1.0.0.tgz`] }),
    ]);
    const site = Bun.serve({
      ...{ port: 0, hostname: "localhost" },
      tls: {
        ...{ cert: server.cert, key: server.key, ca: authority.cert },
        ...{ requestCert: true, rejectUnauthorized: true },
      },
      async fetch(request) {
        const { pathname } = new URL(request.url);
        if (request.headers.get("authorization") === null) return new Response(null, { status: 401 });
        if (pathname === "/index.yaml") return new Response(index);
        return pathname === "/a-1.0.0.tgz"
          ? new Response(await archiveOf("a", "1.0.0"))
          : new Response(null, { status: 404 });
      },
    });
    try {
      const login = ["--source-username", "me", "--source-password-stdin"];
      const source = `https://localhost:${site.port}/`;
      const args = ["migrate", source, "store:e.com/c", ...login, "--ca-file", "ca.pem"];
      const without = await bench.run("chartroom", args, { stdin: "secret" });
      expect(refusalOf(without).exitCode).toBe(7);
      const certificate = ["--cert-file", "client.pem", "--key-file", "client.key"];
      const ran = await bench.run("chartroom", [...args, ...certificate, "-o", "json"], { stdin: "secret" });
      expect(JSON.parse(ran.stdout)).toMatchObject({ counts: { moved: 2 } });
      expect(told.length).toBeGreaterThan(0);
      expect(told.filter((each) => each !== null)).toEqual([]);
      expect(await jsonOf<object[]>(bench, ["chart", "list"])).toHaveLength(2);
    } finally {
      await Promise.all([site.stop(true), elsewhere.stop(true)]);
    }
  },
);
