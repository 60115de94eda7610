import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Log, type LoggedRequest } from "./log.ts";

const plain: LoggedRequest = {
  at: Date.UTC(2026, 10, 24, 8, 0, 0, 5),
  id: "run-1",
  operation: "base",
  repository: undefined,
  digest: undefined,
  received: 0,
  address: "192.0.2.7",
  user: "alice",
  method: "GET",
  path: "/v2/",
  status: 200,
  size: 2,
  took: 1.25,
  agent: "helm/4.3.1",
};

function linesOf(write: (log: Log) => void): string[] {
  const written: string[] = [];
  const log = new Log((text) => written.push(text));
  write(log);
  log.flush();
  return written;
}

describe("the log", () => {
  test("has one line for a request, and - for what is not known", () => {
    const nobody = { ...plain, address: undefined, user: undefined, agent: null };
    expect(linesOf((log) => [plain, nobody].map((each) => log.request(each)))).toEqual([
      "2026-11-24T08:00:00.005Z 192.0.2.7 alice GET /v2/ 200 2B 1.3ms helm/4.3.1\n" +
        "2026-11-24T08:00:00.005Z - - GET /v2/ 200 2B 1.3ms -\n",
    ]);
  });

  test("nobody forges a line, whatever a request holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (user, agent) => {
        const [text = ""] = linesOf((log) => log.request({ ...plain, user, agent }));
        expect(text).toMatch(/^[ -~]+\n$/);
        const words = text.match(/"(?:[^"\\]|\\.)*"|[^ \n]+/g) ?? [];
        expect(words).toHaveLength(9);
      }),
    );
    const [text] = linesOf((log) => log.request({ ...plain, agent: 'x\n2026 "\u001b[2J\u0085 y' }));
    expect(text).toEndWith(' "x\\n2026 \\"\\u001b[2J\\u0085 y"\n');
  });

  test("a fault is one line with its trace", () => {
    const [text = ""] = linesOf((log) => log.fault(plain.at, new Error("disk on fire")));
    expect(text).toContain('fault "Error: disk on fire\\n');
    expect(text.split("\n")).toHaveLength(2);
  });

  test("much is written before anybody asks", () => {
    const written: string[] = [];
    const log = new Log((text) => written.push(text));
    for (let i = 0; i < 2000; i++) log.request(plain);
    expect(written.length).toBeGreaterThan(0);
    log.flush();
    expect(written.join("").split("\n")).toHaveLength(2001);
  });
});
