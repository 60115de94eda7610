import type { Content } from "../../src/testing/artifacts.ts";
import type { Bench } from "../../tests/bench.ts";

/** What is put again and again. */
export interface Puts {
  readonly repository: string;
  /** A manifest whose blobs are there, as is its tag `first`. */
  readonly chart: Content;
  /** Tells tags of one round from those of another. */
  readonly round: number;
  /** Every how manieth request is a put; the others get `first`. */
  readonly every: number;
}

/** A script for wrk that puts a manifest with another member each time, so that it is another manifest, under another tag. */
export async function putScript(bench: Bench, { repository, chart, round, every }: Puts): Promise<string> {
  const path = bench.path(`put-${round}.lua`);
  const { mediaType } = chart.descriptor;
  await Bun.write(
    path,
    `
local manifest = [==[${new TextDecoder().decode(chart.bytes)}]==]
local rest = manifest:match("^%s*{(.*)$")
local manifests = "/v2/${repository}/manifests/"
local put = { ["content-type"] = "${mediaType}" }
local get = { ["accept"] = "${mediaType}" }
local count = 0
function request()
  count = count + 1
  if count % ${every} ~= 0 then return wrk.format("GET", manifests .. "first", get) end
  local number = "${round}-" .. count
  return wrk.format("PUT", manifests .. number, put, '{"number":"' .. number .. '",' .. rest)
end
`,
  );
  return path;
}
