import { type Line, type Measured, ratioOf, rounded } from "./line.js";
import type { Figures } from "./statistics.js";

const HEAD = ["what", "matrix-qr-login", "beside", "ratio", "target"];

/** "2410 ms (2380 to 2520, of 5)" */
function shown({ median, low, high, times }: Figures, unit: Line["unit"]): string {
  const value = `${rounded(median)} ${unit}`;
  if (times === 1) return value;
  return `${value} (${rounded(low)} to ${rounded(high)}, of ${times})`;
}

function cellsOf(measured: Measured): readonly string[] {
  if ("because" in measured) return [measured.what, `left out: ${measured.because}`, "", "", ""];
  const { what, own, unit, beside, target } = measured;
  const ratio = ratioOf(measured);
  return [
    what,
    shown(own, unit),
    beside ? `${beside.name}: ${shown(beside.figures, unit)}` : "",
    ratio === undefined ? "" : rounded(ratio),
    target ? `${target.says}: ${target.met ? "met" : "missed"}` : "",
  ];
}

/** In columns, for a terminal. */
export function textTable(lines: readonly Measured[]): string {
  const rows = [HEAD, ...lines.map(cellsOf)];
  const plain = rows.map((cells) => cells.map((cell) => cell.replaceAll("`", "")));
  const widths = HEAD.map((_, at) => Math.max(...plain.map((cells) => cells[at]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return `${plain.map(line).join("\n")}\n`;
}

/** The same in Markdown. */
export function markdownTable(lines: readonly Measured[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(HEAD), line(HEAD.map(() => "---")), ...lines.map((each) => line(cellsOf(each)))].join("\n");
}
