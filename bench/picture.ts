import type { Result } from "./report.ts";

const [width, left, right, rowHeight, top] = [760, 290, 70, 26, 46];

/** Text for an SVG document: nothing in it begins markup. */
const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** What more is better of, beside one peer: those rows say how many times as fast we are. */
export const speedsBeside = (results: readonly Result[], peer: string): Result[] =>
  results.filter(
    (result) =>
      result.peer?.name === peer &&
      (result.unit === "/s" || result.unit === "MB/s") &&
      result.ratio !== undefined &&
      Number.isFinite(result.ratio) &&
      !result.scenario.endsWith(", our log on"),
  );

/**
 * A picture in SVG of how many times as fast as a peer we are, a bar for each row. Bars grow with the logarithm: ten times is as far
 * from once as a hundred times from ten.
 */
export function pictureOf(results: readonly Result[], peer: string): string {
  const rows = speedsBeside(results, peer);
  const largest = Math.max(10, ...rows.map(({ ratio = 1 }) => ratio));
  const room = width - left - right;
  const lengthOf = (ratio: number) =>
    Math.max(2, (Math.log10(Math.max(1, ratio)) / Math.log10(largest)) * room);
  const bars = rows.map(({ scenario, ratio = 1 }, i) => {
    const y = top + i * rowHeight;
    const length = lengthOf(ratio).toFixed(1);
    const said = `${ratio >= 10 ? Math.round(ratio).toLocaleString("en") : ratio.toFixed(1)}×`;
    return `  <text x="${left - 10}" y="${y + 14}" text-anchor="end">${escaped(scenario)}</text>
  <rect x="${left}" y="${y + 2}" width="${length}" height="16" rx="2" fill="#2f6f9f"/>
  <text x="${left + Number(length) + 6}" y="${y + 14}">${said}</text>`;
  });
  const height = top + rows.length * rowHeight + 12;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
  <title>${escaped(`How many times as fast as ${peer}`)}</title>
  <rect width="${width}" height="${height}" fill="#ffffff"/>
  <g font-family="system-ui, sans-serif" font-size="12" fill="#1b1f24">
  <text x="12" y="26" font-size="15" font-weight="bold">${escaped(`How many times as fast as ${peer}`)}</text>
${bars.join("\n")}
  </g>
</svg>
`;
}
