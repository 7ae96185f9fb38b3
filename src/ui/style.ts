import stringWidth from "fast-string-width";
import { bold, dim, green, red, yellow } from "../foundation/colours.js";
import { largeText } from "./large-text.js";
import type { Line } from "./line.js";
import { wrapProse } from "./wrap.js";

/** What a link may consist of to be told to the terminal as one. */
const PLAIN_LINK = /^[\u0021-\u007e]+$/;

export interface Style {
  readonly coloured: boolean;
  readonly columns: number;
}

/** Lines as the interactive display prints them: steps ticked off, links and codes between empty lines. */
export function styleLines(lines: readonly Line[], style: Style): string[] {
  return lines
    .flatMap((line) => styleLine(line, style))
    .filter((line, index, all) => line !== "" || all[index - 1] !== "");
}

function styleLine({ text, tone }: Line, { coloured, columns }: Style): string[] {
  const paint = (style: (text: string) => string, painted: string) => (coloured ? style(painted) : painted);
  const painted = (style: (text: string) => string) =>
    wrapProse(text, columns).map((line) => paint(style, line));
  switch (tone) {
    case "step": {
      const [first = "", ...rest] = wrapProse(text, columns - 2);
      return [`${paint(green, "✓")} ${first}`, ...rest.map((line) => `  ${line}`)];
    }
    case "passing":
      return [];
    case "code":
      return ["", ...wrapProse(text, columns - 2).map((line) => `  ${paint(bold, line)}`), ""];
    case "digits":
      return ["", ...digits(text, columns - 4).map((line) => `    ${paint(bold, line)}`), ""];
    case "link":
      // From the first column on and without any style, so that it can be clicked and copied whole.
      return ["", stringWidth(text) > columns ? linked(text) : text, ""];
    case "command":
      return [`  ${text}`];
    case "warning":
      return painted(yellow);
    case "error":
      return painted(red);
    case "aside":
      return [paint(dim, text)];
    default:
      return wrapProse(text, columns);
  }
}

function digits(text: string, columns: number): readonly string[] {
  return largeText(text, columns) ?? [text];
}

/** A link that takes several rows: OSC 8 tells the terminal that they are one. Its text is what it was. */
function linked(link: string): string {
  return PLAIN_LINK.test(link) ? `\u001b]8;;${link}\u001b\\${link}\u001b]8;;\u001b\\` : link;
}
