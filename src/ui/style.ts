import type { Line } from "./line.js";

const sgr = (on: number, off: number) => (text: string) => `\u001b[${on}m${text}\u001b[${off}m`;
const bold = sgr(1, 22);
const red = sgr(31, 39);
const green = sgr(32, 39);
const yellow = sgr(33, 39);

/** Lines as the interactive display prints them: steps ticked off, links and codes between empty lines. */
export function styleLines(lines: readonly Line[], coloured: boolean): string[] {
  return lines
    .flatMap((line) => styleLine(line, coloured))
    .filter((line, index, all) => line !== "" || all[index - 1] !== "");
}

function styleLine({ text, tone }: Line, coloured: boolean): string[] {
  const paint = (style: (text: string) => string, painted: string) => (coloured ? style(painted) : painted);
  switch (tone) {
    case "step":
      return [`${paint(green, "✓")} ${text}`];
    case "passing":
      return [];
    case "code":
      return ["", `  ${paint(bold, text)}`, ""];
    case "link":
      // From the first column on and without any style, so that it can be clicked and copied whole.
      return ["", text, ""];
    case "warning":
      return [paint(yellow, text)];
    case "error":
      return [paint(red, text)];
    default:
      return [text];
  }
}
