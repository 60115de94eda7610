import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { digestOf } from "../../src/oci/digest.ts";
import { archiveOf, indexOf, rowOf } from "../../src/testing/migrate.ts";
import { testProxy } from "../../src/testing/proxy.ts";
import { withBench } from "../bench.ts";
import { refusalOf } from "./cli.ts";
import { heldBelow } from "./held.ts";

describe("a hostile repository", () => {
  test("costs what is its own, and nothing of the rest", async () => {
    await withBench(async (bench) => {
      const { host } = await bench.chartroom();
      const [good, lying] = [await archiveOf("good", "1.0.0"), await archiveOf("victim", "1.0.0")];
      const signed = await archiveOf("signed", "1.0.0");
      const bomb = gzipSync(new Uint8Array(128 * 1024 * 1024), { level: 1 });
      const local = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(good) });
      const chunk = new Uint8Array(4 * 1024 * 1024);
      const answers: Record<string, () => Response> = {
        "/good.tgz": () => new Response(good),
        "/page.tgz": () => new Response("<!DOCTYPE html>"),
        "/lying.tgz": () => new Response(lying),
        "/endless.tgz": () =>
          new Response(new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(chunk) })),
        "/signed.tgz": () => new Response(signed),
        "/signed.tgz.prov": () =>
          new Response(new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(chunk) })),
        "/bomb.tgz": () => new Response(bomb),
        "/file.tgz": () => new Response(null, { status: 302, headers: { location: "file:///etc/passwd" } }),
        "/inside.tgz": () => Response.redirect(`http://127.0.0.1:${local.port}/secret`),
        "/circle.tgz": () => Response.redirect("http://charts.example.com/circle.tgz"),
      };
      const rows = Object.keys(answers)
        .filter((path) => path.endsWith(".tgz"))
        .map((path) =>
          rowOf(path.slice(1, -4), "1.0.0", {
            urls: [path.slice(1)],
            ...(path === "/good.tgz" && { digest: digestOf(good) }),
          }),
        );
      const wrong = rowOf("wrong", "1.0.0", { urls: ["good.tgz"], digest: digestOf(lying) });
      const named = rowOf("named", "1.0.0", {
        urls: [`http://127.0.0.1:${local.port}/secret`, `oci://localhost:${local.port}/a:1`],
      });
      const index = indexOf([...rows, wrong, named]);
      const site = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        fetch(request) {
          const { pathname } = new URL(request.url);
          if (pathname === "/index.yaml") return new Response(index);
          return answers[pathname]?.() ?? new Response(null, { status: 404 });
        },
      });
      const proxy = await testProxy(site.port ?? 0);
      try {
        const args = ["migrate", "http://charts.example.com/", `${host}/charts`, "-o", "json"];
        const { exitCode, stdout } = await bench.run("chartroom", args, { env: { HTTP_PROXY: proxy.url } });
        expect(exitCode).toBe(1);
        const report: { charts: { chart: string; status: string; error: { message: string } | null }[] } =
          JSON.parse(stdout);
        const said = Object.fromEntries(
          report.charts.map(({ chart, status, error }) => [chart, error?.message ?? status]),
        );
        expect(said).toEqual({
          good: "moved",
          page: "http://charts.example.com/page.tgz is a web page, not an archive",
          lying: "The archive is of victim 1.0.0, not what the index says",
          endless: expect.stringContaining("it is longer than 134217728 bytes"),
          signed: expect.stringMatching(/signed\.tgz\.prov: it is longer than \d+ bytes/),
          bomb: expect.stringMatching(/^Cannot accept the chart archive: /),
          file: expect.stringContaining("it leads to no http or https URL"),
          inside: expect.stringContaining("127.0.0.1 is inside of a network"),
          circle: expect.stringContaining("redirected more than 10 times"),
          wrong: expect.stringContaining("is not what the index says: its digest is"),
          named: expect.stringContaining("localhost is inside of a network"),
        });
        expect([...(await heldBelow(host, "charts")).keys()]).toEqual(["good:1.0.0"]);
      } finally {
        await Promise.all([proxy.stop(), site.stop(true), local.stop(true)]);
      }
    });
  }, 60_000);

  test.each([
    [
      "an index without an end",
      () => new Response(new ReadableStream({ pull: (c) => c.enqueue("a".repeat(65_536)) })),
    ],
    ["a page for an index", () => new Response("<html>Log in</html>")],
  ])("%s is refused", async (_name, fetch) => {
    await withBench(async (bench) => {
      const site = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch });
      try {
        const args = ["migrate", `http://127.0.0.1:${site.port}`, "store:e.com/c"];
        expect(refusalOf(await bench.run("chartroom", args))).toMatchObject({
          exitCode: 1,
          message: expect.stringMatching(/^Cannot read the index: line 1: /),
        });
      } finally {
        await site.stop(true);
      }
    });
  });
});
