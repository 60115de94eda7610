import { expect, test } from "bun:test";
import { chartArchive, sampleChart } from "../testing/charts.ts";
import { codeOf } from "../testing/errors.ts";
import { openArchive } from "./archive/archive.ts";
import { type Renaming, rewriteDependencies } from "./rewriteDependencies.ts";

const renaming: Renaming = ({ repository }) =>
  ["https://old.example.com/charts", "http://127.0.0.1:18999"].includes(repository)
    ? "oci://new.example.com/charts"
    : undefined;
const rewritten = async (files: Record<string, string>) =>
  rewriteDependencies(await openArchive(await chartArchive(sampleChart(files))), renaming);
const textOf = async (archive: Uint8Array, path: string) =>
  new TextDecoder().decode((await openArchive(archive)).files.find((file) => file.path === path)?.bytes);

const chartYaml = (first: string) => `# mine
apiVersion: v2
name:   mychart   # spaced
version: 1.0.0
dependencies:
- {name: a, repository: ${first}, version: "1.x.x"} # flow
- name: b
  repository: "https://elsewhere.example.com" # kept
  version: 1.0.0
`;

test("only the names of repositories change in a chart, comments and all", async () => {
  const chart = await rewritten({ "Chart.yaml": chartYaml("'https://old.example.com/charts'") });
  expect(await textOf(chart!.archive, "Chart.yaml")).toBe(chartYaml('"oci://new.example.com/charts"'));
  expect(chart?.metadata.dependencies.map(({ repository }) => repository)).toEqual([
    "oci://new.example.com/charts",
    "https://elsewhere.example.com",
  ]);
  const again = await rewritten({ "Chart.yaml": chartYaml("'https://old.example.com/charts'") });
  expect(again?.archive).toEqual(chart!.archive);
});

test("a chart that names no such repository stays as it is", async () => {
  expect(await rewritten({ "Chart.yaml": chartYaml("https://other.example.com") })).toBeUndefined();
  expect(await rewritten({})).toBeUndefined();
});

test("requirements.yaml, where charts of apiVersion v1 have them, changes too", async () => {
  const requirements = (repository: string) =>
    `dependencies:\n  - name: a\n    version: 1.0.0\n    repository: ${repository}\n`;
  const chart = await rewritten({
    "Chart.yaml": "apiVersion: v1\nname: mychart\nversion: 1.0.0\n",
    "requirements.yaml": requirements("https://old.example.com/charts"),
  });
  expect(await textOf(chart!.archive, "requirements.yaml")).toBe(
    requirements('"oci://new.example.com/charts"'),
  );
});

test("a lock names them as well, and says by its digest what it is a lock of", async () => {
  // As helm 4 wrote it for these dependencies; that it takes the new one is shown in tests/interop/migrate.test.ts.
  const [before, after] = [
    "sha256:959456e51a7d9b572965652c81b1b4a82d8d8a49049da2ac03c1dc10e44dc4bb",
    "sha256:f88bc61fe8cc134e78d4839852a1c399b00ecd0f8d96e41ddecf293b83a105f8",
  ];
  const old = "http://127.0.0.1:18999";
  const lock = (repository: string, digest: string) =>
    `dependencies:\n- name: a\n  repository: ${repository}\n  version: 1.2.0\ndigest: ${digest}\ngenerated: "2026-01-01T00:00:00Z"\n`;
  const yaml = (repository: string) =>
    `apiVersion: v2\nname: mychart\nversion: 1.0.0\ndependencies:\n- name: a\n  repository: ${repository}\n  version: 1.x.x\n`;
  const chart = await rewritten({
    "Chart.yaml": yaml(old),
    "Chart.lock": lock(old, before),
  });
  expect(await textOf(chart!.archive, "Chart.lock")).toBe(lock('"oci://new.example.com/charts"', after));
  const stale = await rewritten({
    "Chart.yaml": yaml(old),
    "Chart.lock": lock(old, `sha256:${"0".repeat(64)}`),
  });
  expect(await textOf(stale!.archive, "Chart.lock")).toContain(`digest: sha256:${"0".repeat(64)}\n`);
});

test("a name that cannot be changed in place is refused", async () => {
  const text = chartYaml("*old").replace(
    "version: 1.0.0",
    "home: &old https://old.example.com/charts\nversion: 1.0.0",
  );
  expect(await codeOf(rewritten({ "Chart.yaml": text }))).toBe("invalid");
});
