import { countOf } from "../words.ts";
import { escaped, type PageCharts } from "./pageCharts.ts";
import { countsOf, reasonOf, remarksOf, type Summary, type Told, words } from "./told.ts";

/** What was done: `migrate run`, `plan` or `verify`. */
export type Verb = "run" | "plan" | "verify";

const titles: Readonly<Record<Verb, string>> = {
  run: "Migration",
  plan: "Plan of a migration",
  verify: "Verification of a migration",
};

const style = `
:root { color-scheme: light dark; --bad: light-dark(#b3261e, #ff8a80); --line: light-dark(#ddd, #444); }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); }
td, code { overflow-wrap: anywhere; }
summary { cursor: pointer; padding: .25rem 0; }
small, code { font-size: .85rem; }
.failed, .conflict { color: var(--bad); }
`;

/**
 * A migration as a page for people: one file, without scripts, that fetches nothing (its policy forbids it) and believes no word
 * of an index.
 * @param charts all of them
 * @param ended ms since 1970
 */
export function pageOf(summary: Summary, charts: PageCharts, verb: Verb, ended: number): string {
  const { source, target, charts: troubled, hints, metadata, unchanged } = summary;
  const title = `${titles[verb]}: ${source} to ${target}`;
  const counts = unchanged ? "The source has not changed since all of it was migrated" : countsOf(summary);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${titles[verb]}</h1>
<p>From <code>${escaped(source)}</code> to <code>${escaped(target)}</code>, ended <time>${new Date(ended).toISOString()}</time></p>
<p><strong>${escaped(counts)}</strong></p>
<h2>How to go on</h2>
<ul>
${nextOf(summary, charts.example, verb).join("\n")}
</ul>
${section("What needs attention", tableOf(troubled))}
${section("What to do about it", listOf(hints))}
${section("What to know", listOf(remarksOf(summary)))}
${section("Told to Artifact Hub", listOf(metadata))}
${section("Charts", charts.write())}
</body>
</html>
`;
}

const section = (title: string, content: string): string =>
  content === "" ? "" : `<h2>${title}</h2>\n${content}`;

const listOf = (lines: readonly string[]): string =>
  lines.length === 0 ? "" : `<ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join("")}</ul>`;

function tableOf(rows: readonly Told[]): string {
  if (rows.length === 0) return "";
  const cells = rows.map((told) => {
    const { chart, version, status } = told;
    return `<tr class="${status}"><td>${escaped(chart)}<td>${escaped(version)}<td>${words[status]}<td>${escaped(reasonOf(told))}`;
  });
  return `<table><tr><th>Chart<th>Version<th>Status<th>Why\n${cells.join("\n")}\n</table>`;
}

/** What a person would do next, as items of a list. */
function nextOf({ source, target, counts }: Summary, example: string | undefined, verb: Verb): string[] {
  const failed = (counts.failed ?? 0) + (counts.conflict ?? 0);
  const command = (name: string) =>
    `<code>chartroom migrate ${name}${quoted(source)} ${quoted(target.replace(/\/$/, ""))}</code>`;
  const items: string[] = [];
  if (failed > 0)
    items.push(
      `Mend what is named below, and run it again: what is there is not moved again. ${countOf(failed, "version")} failed.`,
    );
  if (verb === "plan") items.push(`${command("")} does it.`);
  if (verb === "run") items.push(`${command("verify ")} compares each version with the target.`);
  const [repository = "", version = ""] = example?.split(/:(?=[^:/]*$)/) ?? [];
  if (example !== undefined)
    items.push(
      `Clients have a chart by its whole name: <code>helm pull ${quoted(`oci://${repository}`)} --version ${quoted(version.replaceAll("_", "+"))}</code>`,
    );
  if (items.length === 0) items.push("Nothing is left to do.");
  return items.map((item) => `<li>${item}</li>`);
}

/** A word of a command line, as a shell and HTML take it. */
const quoted = (word: string): string =>
  escaped(/^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
