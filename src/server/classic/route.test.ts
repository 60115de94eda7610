import { expect, test } from "bun:test";
import { parseClassicRoute } from "./route.ts";

const rows: [string, object | undefined][] = [
  ["GET index.yaml", { op: "chart-index", prefix: "", form: "yaml" }],
  ["HEAD a/b/index.yaml", { op: "chart-index", prefix: "a/b/", form: "yaml" }],
  ["HEAD a/artifacthub-repo.yml", { op: "pull-metadata", prefix: "a/" }],
  ["GET a/index.json", { op: "chart-index", prefix: "a/", form: "json" }],
  ["GET a/app-1.0.0.tgz", { op: "pull-chart", prefix: "a/", file: "app-1.0.0.tgz", chart: undefined }],
  ["GET app-1.0.0.tgz.prov", { op: "pull-provenance", prefix: "", file: "app-1.0.0.tgz", chart: undefined }],
  ["GET a/-/app/app-1.0.0-1.tgz", { op: "pull-chart", prefix: "a/", file: "app-1.0.0-1.tgz", chart: "app" }],
  ["GET -/app/app-1.0.0-1.tgz", { op: "pull-chart", prefix: "", file: "app-1.0.0-1.tgz", chart: "app" }],
  ["GET a/-/index.yaml", undefined],
  ["GET A/index.yaml", undefined],
  ["GET a//index.yaml", undefined],
  ["GET ../index.yaml", undefined],
  ["GET a/../index.yaml", undefined],
  ["GET a/.tgz", undefined],
  ["GET a/README.md", undefined],
  ["GET ", undefined],
  ["PUT a/index.yaml", { op: "unsupported", allow: "GET, HEAD" }],
  ["GET api/index.yaml", undefined],
  ["GET api/app-1.0.0.tgz", undefined],
  ["GET health", { op: "museum-health", prefix: "" }],
  ["GET info", { op: "museum-info", prefix: "" }],
  ["GET api/charts", { op: "list-charts", prefix: "" }],
  ["POST api/a/b/charts", { op: "post-chart", prefix: "a/b/" }],
  ["POST api/charts/charts", { op: "post-chart", prefix: "charts/" }],
  ["POST api/a/prov", { op: "post-provenance", prefix: "a/" }],
  ["GET a/misplaced.json", { op: "list-misplaced", prefix: "a/" }],
  ["GET misplaced.json", { op: "list-misplaced", prefix: "" }],
  ["GET api/charts/misplaced", { op: "show-versions", prefix: "", chart: "misplaced" }],
  ["GET api/a/misplaced", undefined],
  ["GET api/charts/app", { op: "show-versions", prefix: "", chart: "app" }],
  ["HEAD api/a/b/charts/app", { op: "show-versions", prefix: "a/b/", chart: "app" }],
  ["GET api/a/charts/app/1.0.0+b", { op: "show-version", prefix: "a/", chart: "app", version: "1.0.0+b" }],
  ["DELETE api/charts/app/1.0.0", { op: "delete-version", prefix: "", chart: "app", version: "1.0.0" }],
  ["GET api/a/charts/app/1.0.0/values", { op: "show-values", prefix: "a/", chart: "app", version: "1.0.0" }],
  ["PUT api/a/charts", { op: "unsupported", allow: "GET, HEAD, POST" }],
  ["GET api/a/b", undefined],
  ["POST api/api/charts", undefined],
  ["GET api/api/x/charts", undefined],
  ["GET api/x/api/charts", { op: "list-charts", prefix: "x/api/" }],
  ["GET api", undefined],
];

for (const [line, route] of rows)
  test(`${line} is ${JSON.stringify(route) ?? "nothing"}`, () => {
    const [method = "", path = ""] = line.split(" ");
    const found = parseClassicRoute(method, path);
    expect(found as object | undefined).toEqual(
      route === undefined || "allow" in route ? route : { door: "classic", ...route },
    );
  });
