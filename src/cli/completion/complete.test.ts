import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLayout } from "../../layout/layout.ts";
import { play } from "../../testing/context.ts";
import { packSample, saveSample } from "../../testing/layouts.ts";
import { refuse, type Spoil, type TestRegistry, testRegistry } from "../../testing/registry.ts";

const refs = ["localhost:5000/myrepo/mychart:2.7.0", "charts.example.com/other:1.0.0"];
let cwd = "";
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "chartroom-completion-"));
  const sample = await packSample();
  for (const ref of refs) await saveSample(openLayout(join(cwd, "store")), ref, sample);
});
const started: TestRegistry[] = [];
afterEach(async () => {
  for (const registry of started.splice(0)) await registry.stop();
  await rm(cwd, { recursive: true });
});

/** A registry that answers as the test says, until the test ends. */
function spoilt(spoil: Spoil): TestRegistry {
  const registry = testRegistry(spoil);
  started.push(registry);
  return registry;
}

/** The lines that answer a command line, its last word the one that is typed, without descriptions. */
async function offered(words: readonly string[], env: Record<string, string> = {}): Promise<string[]> {
  const world = { cwd, env: { CHARTROOM_STORE: join(cwd, "store"), ...env } };
  const { exitCode, stdout, stderr } = await play(["__complete", ...words], world);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t")[0] ?? "");
}

for (const [line, expected] of Object.entries({
  cha: ["chart", ":4"],
  "registry user ": ["add", "remove", "list", ":4"],
  "chart rem": ["remove", ":4"],
  "chart rm ": [...refs.toSorted(), ":4"],
  "chart push char": [refs[1], ":4"],
  "chart push oci://char": [`oci://${refs[1]}`, ":4"],
  "chart push x ": [":4"],
  "chart tag ": [...refs.toSorted(), ":4"],
  "chart tag x ": ["charts.example.com/other:", "localhost:5000/myrepo/mychart:", ":6"],
  "chart save ": [":0"],
  "chart save x char": ["charts.example.com/other:", ":6"],
  "chart pull local": ["localhost:5000/myrepo/mychart:", ":6"],
  "copy local": ["localhost:5000/myrepo/mychart:", ":6"],
  "copy x char": ["charts.example.com/other:", ":6"],
  "delete char": ["charts.example.com/other:", ":6"],
  "delete store:char": [`store:${refs[1]}`, ":4"],
  "registry logout ": ["charts.example.com", "localhost:5000", ":4"],
  "versions ": ["charts.example.com/other", "localhost:5000/myrepo/mychart", ":4"],
  "versions --repo ": [":16"],
  "search --in layout:": [":16"],
  "show values char": ["charts.example.com/other:", ":6"],
  "tags ": ["charts.example.com/other", "localhost:5000/myrepo/mychart", ":4"],
  "delete local": ["localhost:5000/myrepo/mychart:", ":6"],
  "copy ": ["charts.example.com/other:", "localhost:5000/myrepo/mychart:", "store:", "layout:", ":6"],
  "copy oci://": ["oci://charts.example.com/other:", "oci://localhost:5000/myrepo/mychart:", ":6"],
  "copy store:char": [`store:${refs[1]}`, ":4"],
  "copy store:x layout:": [":16"],
  "chart push store:": [":4"],
  "chart list --fi": ["--filter", ":4"],
  "chart list --filter ": [":4"],
  "chart list -o ": ["table", "json", ":4"],
  "chart list -o json --st": ["--store", ":4"],
  "-o json chart li": ["list", ":4"],
  "chart list --output=j": ["--output=json", ":4"],
  "chart list --store ": [":16"],
  "chart list --store=": [":16"],
  "chart list --nonsense=": [":4"],
  "chart push --store nowhere ": [":4"],
  "chart push --plain-http char": [refs[1], ":4"],
  "chart push -- --": [":4"],
  "registry serve --tls-key ": [":0"],
  "registry serve --addr ": [":4"],
  "completion ": ["bash", "zsh", "fish", "powershell", ":4"],
  "help e": ["exit-codes", "environment", ":4"],
  "help chart pr": ["prune", ":4"],
  "nonsense ": [":4"],
  "nonsense chart ": [":4"],
  "chart pull not/a/host:": [":4"],
}))
  test(`"${line}" is answered with ${expected.join(" ")}`, async () => {
    expect(await offered(line.split(" "))).toEqual(expected as string[]);
  });

test("a registry's tags are offered, with the login that is kept for it", async () => {
  const authorization = `Basic ${btoa("myuser:mypass")}`;
  const registry = spoilt((request) => {
    if (request.headers.get("authorization") !== authorization)
      return refuse(401, "UNAUTHORIZED", "no", { "www-authenticate": 'Basic realm="r"' });
    return Response.json({ name: "a/b", tags: ["2.0.0", "10.0.0", "1.0.0"] });
  });
  const auths = { [registry.host]: { auth: btoa("myuser:mypass") } };
  await Bun.write(join(cwd, "logins.json"), JSON.stringify({ auths }));
  const typed = `${registry.host}/a/b:`;
  expect(await offered(["chart", "pull", typed])).toEqual([":4"]);
  const words = [
    "--registry-config",
    join(cwd, "logins.json"),
    "chart",
    "pull",
    "-u",
    "x",
    "--password-stdin",
    `${typed}1`,
  ];
  expect(await offered(words)).toEqual([`${typed}1.0.0`, `${typed}10.0.0`, ":4"]);
  expect(new Set(registry.requests)).toEqual(new Set(["GET /v2/a/b/tags/list?n=1000"]));
});

test("a registry that never answers holds nobody up, and an answer that is none is not shown", async () => {
  using silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  expect(await offered(["chart", "pull", `127.0.0.1:${silent.port}/a/b:`])).toEqual([":4"]);
  const registry = spoilt(() => new Response("<html>"));
  expect(await offered(["chart", "pull", `${registry.host}/a/b:`])).toEqual([":4"]);
}, 30_000);

test("names that other tools gave, which no command line can hold, are left out", async () => {
  const index = join(cwd, "store", "index.json");
  const { manifests, ...rest } = await Bun.file(index).json();
  const odd = ["latest", "two words/x:1", "host/tab\tbed:1", "host/\x1b[31m:1"].map((name) => ({
    ...manifests[0],
    annotations: { "org.opencontainers.image.ref.name": name },
  }));
  await Bun.write(index, JSON.stringify({ ...rest, manifests: [...manifests, ...odd] }));
  expect(await offered(["chart", "push", ""])).toEqual([...refs.toSorted(), ":4"]);
});

test("a damaged store offers nothing and says nothing", async () => {
  await Bun.write(join(cwd, "store", "index.json"), "{");
  expect(await offered(["chart", "push", ""])).toEqual([":4"]);
});

test("candidates stand with what help says of them", async () => {
  const { stdout } = await play(["__complete", "chart", "pr"], { cwd });
  expect(stdout).toBe("prune\tfree what no saved chart refers to\n:4\n");
});
