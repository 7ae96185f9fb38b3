/** What keys send, and what surrounds a paste where the terminal is asked to tell one. */

export const CTRL_C = "\u0003";
export const CTRL_D = "\u0004";
export const CTRL_Z = "\u001a";
export const DELETE = "\u007f";

export const PASTE_STARTS = "\u001b[200~";
export const PASTE_ENDS = "\u001b[201~";
// biome-ignore lint/suspicious/noControlCharactersInRegex: they start with one.
export const PASTE_MARKS = /(\u001b\[20[01]~)/g;

/** Asks the terminal to mark pastes ("bracketed paste"), or no longer. */
export function markPastes(output: NodeJS.WriteStream, marks: boolean): void {
  output.write(`\u001b[?2004${marks ? "h" : "l"}`);
}
