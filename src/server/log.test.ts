import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Log, type LoggedRequest, type LogOptions } from "./log.ts";

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

function linesOf(write: (log: Log) => void, options: LogOptions = {}): string[] {
  const written: string[] = [];
  const log = new Log((text) => written.push(text), options);
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

  test("is JSON where it is asked for, whatever a request holds", () => {
    const pushed = {
      ...plain,
      operation: "pull-blob",
      repository: "a/b",
      digest: "sha256:0",
      user: 'x"\n',
      received: 7,
    };
    const line = {
      id: "run-1",
      address: "192.0.2.7",
      user: 'x"\n',
      method: "GET",
      path: "/v2/",
      operation: "pull-blob",
      repository: "a/b",
      digest: "sha256:0",
      status: 200,
      received: 7,
      agent: "helm/4.3.1",
      sent: 2,
      ms: 1.3,
      service: "registry",
    };
    const time = "2026-11-24T08:00:00.005Z";
    const fields = { service: "registry" };
    const [json = ""] = linesOf((log) => log.request(pushed), { format: "json", fields });
    expect(json.endsWith("\n") && JSON.parse(json)).toEqual({ time, level: "info", msg: "request", ...line });
    const [logstash = ""] = linesOf((log) => log.request(pushed), { format: "logstash", fields });
    expect(JSON.parse(logstash)).toEqual({
      "@timestamp": time,
      "@version": "1",
      level: "info",
      message: "request",
      ...line,
    });
  });

  test("has requests in Apache's combined form where that is asked for", () => {
    const options = { format: "json", requests: "combined" } as const;
    expect(linesOf((log) => log.request({ ...plain, agent: 'a "b"' }), options)).toEqual([
      '192.0.2.7 - alice [24/Nov/2026:08:00:00 +0000] "GET /v2/ HTTP/1.1" 200 2 "-" "a \\"b\\""\n',
    ]);
    const referrer = "https://charts.example.com/pages?token=secret";
    expect(linesOf((log) => log.request({ ...plain, referrer }), options)[0]).toEndWith(
      '200 2 "https://charts.example.com/pages" "helm/4.3.1"\n',
    );
    expect(linesOf((log) => log.request({ ...plain, referrer }), { format: "json" })[0]).not.toContain(
      "secret",
    );
    const nobody = { ...plain, address: undefined, user: undefined, agent: null, path: '/"\n' };
    expect(linesOf((log) => log.request(nobody), options)).toEqual([
      '- - - [24/Nov/2026:08:00:00 +0000] "GET /\\"\\n HTTP/1.1" 200 2 "-" "-"\n',
    ]);
  });

  test("has no requests where they are not wanted, and no messages lighter than asked for", () => {
    const all = (log: Log) => {
      log.request(plain);
      for (const level of ["debug", "info", "warn", "error"] as const) log.message(0, level, level);
    };
    expect(linesOf(all, { requests: "off", level: "warn" })).toEqual([
      "Warning: warn\n1970-01-01T00:00:00.000Z fault error\n",
    ]);
    expect(linesOf(all, { requests: "off", level: "error", format: "json" })).toEqual([
      '{"time":"1970-01-01T00:00:00.000Z","level":"error","msg":"error"}\n',
    ]);
    expect(linesOf(all, { requests: "off", level: "debug" })[0]?.split("\n")).toHaveLength(5);
  });

  test("tells the configuration's fields with every line but a greeting's, and a message's own", () => {
    const fields = { service: "the registry" };
    const [text] = linesOf(
      (log) => {
        log.request(plain);
        log.message(0, "info", "Listening");
        log.message(0, "warn", "made", { user: "docker" });
      },
      { fields },
    );
    expect(text?.split("\n")).toEqual([
      expect.stringMatching(/ helm\/4\.3\.1 service="the registry"$/),
      "Listening",
      'Warning: made user=docker service="the registry"',
      "",
    ]);
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
