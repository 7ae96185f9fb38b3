import { wrapAnsi } from "fast-wrap-ansi";
import type { Line } from "./line.js";

/** What is of use only in one piece. */
const WHOLE: readonly Line["tone"][] = ["link", "command", "digits", "aside"];

/** How wide a log is taken to be, and a terminal that doesn't know its size. */
export const USUAL_COLUMNS = 80;

/** How wide prose may be: in a log a line is a line, however long. */
export function proseWidth({ isTTY, columns }: Pick<NodeJS.WriteStream, "isTTY" | "columns">): number {
  return isTTY ? columns || USUAL_COLUMNS : Number.POSITIVE_INFINITY;
}

/** Prose in lines that are cut between words; a word that is wider, such as a path, is left whole. */
export function wrapProse(text: string, columns: number, indent = ""): string[] {
  if (columns === Number.POSITIVE_INFINITY) return [text];
  const width = Math.max(1, columns - indent.length);
  const [first = "", ...rest] = wrapAnsi(text, width).split("\n");
  return [first, ...rest.map((line) => indent + line)];
}

/** The same of a line, unless it is of use only in one piece. */
export function wrapLine({ text, tone }: Line, columns: number): string[] {
  return WHOLE.includes(tone) ? [text] : wrapProse(text, columns);
}
