import type { LoggedRequest } from "./logLine.ts";

/** Names of operations as CNCF Distribution's `handler` label has them, so that its dashboards go on. */
const handlers: Readonly<Record<string, string>> = {
  welcome: "alive",
  base: "base",
  "list-repositories": "catalog",
  "list-tags": "tags",
  "list-referrers": "referrers",
  "pull-manifest": "manifest",
  "push-manifest": "manifest",
  "delete-manifest": "manifest",
  "pull-blob": "blob",
  "delete-blob": "blob",
  "open-upload": "blob_upload",
  "show-upload": "blob_upload_chunk",
  "append-upload": "blob_upload_chunk",
  "finish-upload": "blob_upload_chunk",
  "cancel-upload": "blob_upload_chunk",
  "chart-index": "chart_index",
  "pull-chart": "chart_archive",
  "pull-provenance": "chart_archive",
  "list-charts": "chart_api",
  "list-misplaced": "chart_api",
  "pull-metadata": "chart_api",
  "post-chart": "chart_api",
  "post-provenance": "chart_api",
  "show-versions": "chart_api",
  "show-version": "chart_api",
  "show-templates": "chart_api",
  "show-values": "chart_api",
  "delete-version": "chart_api",
};
const uploading: ReadonlySet<string | undefined> = new Set([
  "append-upload",
  "finish-upload",
  "open-upload",
  "post-chart",
  "post-provenance",
]);

/** Whether an operation may bring an upload's bytes. */
export const isUpload = (operation: string): boolean => uploading.has(operation);

/** Upper bounds in seconds: those of Prometheus' client libraries. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Series {
  /** Answers by their status. */
  readonly codes: Map<number, number>;
  readonly counts: number[];
  requests: number;
  seconds: number;
  received: number;
  sent: number;
}

/** A value that is asked for when metrics are; one that only grows says so. */
export interface Gauge {
  readonly name: string;
  readonly help: string;
  /** Unsaid, it may fall as well as rise. */
  readonly type?: "counter";
  /** A number, or one for each set of labels, as `type="blob"`. */
  value(): Values | Promise<Values>;
}

type Values = number | Readonly<Record<string, number>>;

/** What happened, counted, and told in Prometheus' text format. Labels come from closed lists: nobody makes series at will. */
export class Metrics {
  readonly #gauges: readonly Gauge[];
  /** By handler, then by method: what is looked up for each request is not put together for it first. */
  readonly #series = new Map<string, Map<string, Series>>();
  #underWay = 0;
  #uploads = 0;

  /** @param gauges are told beside what is counted here */
  constructor(gauges: readonly Gauge[] = []) {
    this.#gauges = gauges;
  }

  /** A request has come. */
  began(): void {
    this.#underWay++;
  }

  /** It turned out to be an upload's; the returned function is called when it is through. */
  uploads(): () => void {
    this.#uploads++;
    return () => void this.#uploads--;
  }

  /** A request is through. */
  ended({ operation = "", method, status, took, received, size }: LoggedRequest): void {
    this.#underWay--;
    const series = this.#seriesOf(handlers[operation] ?? "other", methodOf(method));
    series.codes.set(status, (series.codes.get(status) ?? 0) + 1);
    const seconds = took / 1000;
    const bucket = bounds.findIndex((bound) => seconds <= bound);
    if (bucket >= 0) series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.requests++;
    series.seconds += seconds;
    series.received += received;
    series.sent += size;
  }

  #seriesOf(handler: string, method: string): Series {
    const byMethod = this.#series.get(handler) ?? new Map<string, Series>();
    this.#series.set(handler, byMethod);
    const known = byMethod.get(method);
    if (known !== undefined) return known;
    const counts = bounds.map(() => 0);
    const series = { codes: new Map(), counts, requests: 0, seconds: 0, received: 0, sent: 0 };
    byMethod.set(method, series);
    return series;
  }

  /** Everything in the text format 0.0.4 (prometheus.io, "Exposition formats"). */
  async text(): Promise<string> {
    const lines: string[] = [];
    const family = (name: string, type: string, help: string, samples: readonly string[]) =>
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples);
    const labelled = [...this.#series].flatMap(([handler, byMethod]) =>
      [...byMethod].map(([method, series]) => [`handler="${handler}",method="${method}"`, series] as const),
    );
    const each = (sample: (labels: string, series: Series) => string[]) =>
      labelled.flatMap(([labels, series]) => sample(labels, series));

    family(
      "registry_http_requests_total",
      "counter",
      "Requests answered.",
      each((labels, { codes }) =>
        [...codes].map(([code, count]) => `registry_http_requests_total{${labels},code="${code}"} ${count}`),
      ),
    );
    const duration = "registry_http_request_duration_seconds";
    family(
      duration,
      "histogram",
      "Time from a request's head to the end of its answer.",
      each((labels, { counts, requests, seconds }) => {
        let below = 0;
        const buckets = bounds.map((bound, i) => {
          below += counts[i] ?? 0;
          return `${duration}_bucket{${labels},le="${bound}"} ${below}`;
        });
        return [
          ...buckets,
          `${duration}_bucket{${labels},le="+Inf"} ${requests}`,
          `${duration}_sum{${labels}} ${seconds}`,
          `${duration}_count{${labels}} ${requests}`,
        ];
      }),
    );
    for (const [name, of, help] of [
      ["registry_http_request_size_bytes", "received", "Bytes of requests' bodies that were read."],
      ["registry_http_response_size_bytes", "sent", "Bytes of answers' bodies."],
    ] as const)
      family(
        name,
        "summary",
        help,
        each((labels, series) => [
          `${name}_sum{${labels}} ${series[of]}`,
          `${name}_count{${labels}} ${series.requests}`,
        ]),
      );
    const gauges: Gauge[] = [
      { name: "registry_http_in_flight_requests", help: "Requests under way.", value: () => this.#underWay },
      {
        name: "chartroom_uploads_in_flight",
        help: "Requests under way that upload.",
        value: () => this.#uploads,
      },
      ...this.#gauges,
    ];
    for (const { name, help, type = "gauge", value } of gauges) {
      const values = await value();
      const entries = Object.entries(typeof values === "number" ? { "": values } : values);
      const samples = entries.map(([labels, count]) => `${name}${labels && `{${labels}}`} ${count}`);
      family(name, type, help, samples);
    }
    return `${lines.join("\n")}\n`;
  }
}

const methods: ReadonlyMap<string, string> = new Map(
  ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"].map((method) => [
    method,
    method.toLowerCase(),
  ]),
);
const methodOf = (method: string): string => methods.get(method) ?? "other";
