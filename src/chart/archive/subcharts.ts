/**
 * The first file below `charts/`, at any depth, that keeps Helm from opening the chart: one that belongs to no subchart
 * (helm `LoadFiles`: "error unpacking subchart README.md: Chart.yaml file is missing"). A subchart is a `.tgz` or a
 * directory with a Chart.yaml; a `.prov`, and what begins with `_` or `.`, is passed over.
 * @param paths of all files of the chart
 */
export function strayInCharts(paths: ReadonlySet<string>): string | undefined {
  return [...paths].find((path) => !path.endsWith(".prov") && isStray(path.split("/"), paths));
}

function isStray(parts: readonly string[], paths: ReadonlySet<string>): boolean {
  for (let at = 0; parts[at] === "charts" && at + 1 < parts.length; at += 2) {
    const name = parts[at + 1]!;
    if (/^[_.]/.test(name)) return false;
    const isFile = at + 2 === parts.length;
    if (name.endsWith(".tgz")) return !isFile;
    if (isFile || !paths.has([...parts.slice(0, at + 2), "Chart.yaml"].join("/"))) return true;
  }
  return false;
}
