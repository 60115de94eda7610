import { answer, jsonAnswer } from "./answer.ts";
import type { Health } from "./health.ts";
import type { Metrics } from "./metrics.ts";
import { rawTarget } from "./target.ts";

/** What is told on the debug address. */
export interface DebugOptions {
  readonly health: Health;
  readonly metrics: Metrics;
  /** Where metrics are; nowhere when undefined. */
  readonly metricsPath: string | undefined;
}

/**
 * Answers of the debug address: whether the process lives, whether it wants requests, what is not well (as CNCF
 * Distribution tells it), and metrics. Nothing of the registry is there.
 */
export async function debugAnswer(
  { health, metrics, metricsPath }: DebugOptions,
  request: Request,
): Promise<Response> {
  const { path } = rawTarget(request.url);
  if (request.method !== "GET" && request.method !== "HEAD") return answer(405, { allow: "GET, HEAD" });
  const response = await find();
  return request.method === "HEAD" ? new Response(null, response) : response;

  async function find(): Promise<Response> {
    if (path === metricsPath)
      return text(200, await metrics.text(), "text/plain; version=0.0.4; charset=utf-8");
    switch (path) {
      case "/healthz":
        return text(200, "ok\n");
      case "/readyz":
        return health.ready ? text(200, "ready\n") : text(503, "not ready\n");
      case "/debug/health":
        return jsonAnswer(health.failures, Object.keys(health.failures).length === 0 ? 200 : 503);
    }
    return text(404, "Nothing answers here.\n");
  }
}

const text = (status: number, body: string, type = "text/plain; charset=utf-8"): Response =>
  answer(status, { "content-type": type }, new TextEncoder().encode(body));
