// biome-ignore-all lint/suspicious/noControlCharactersInRegex: control sequences are what this is about.

/**
 * Windows PowerShell takes what a program prints for text in the code page of its console, and writes that to a file. So
 * "▀", "▄" and "█", three bytes each in UTF-8, come out as three other characters: those of the first two bytes, and of
 * the last one, for the code pages 437, 850, 1252, 1251 and 866 and for Latin-1.
 */
const MISREAD: readonly (readonly [lead: string, upper: string, lower: string, full: string])[] = [
  ["Γû", "Ç", "ä", "ê"],
  ["Ôû", "Ç", "ä", "ê"],
  ["â–", "€", "„", "ˆ"],
  ["в–", "Ђ", "„", "€"],
  ["тЦ", "А", "Д", "И"],
  ["â\u0096", "\u0080", "\u0084", "\u0088"],
];

/** A control sequence whose first character something has written out, or dropped. */
const WRITTEN_SEQUENCE = /(?:\^\[|␛|\ufffd)?(?<![\u001b\da-ln-z])\[((?:\d{1,3}(?:[;:]\d{0,3}){0,20})?)m/gi;

/** A text with the blocks and the colours that a terminal was given. */
export function asTerminalsSaw(text: string): string {
  let seen = text.replace(/\r\n?/g, "\n");
  for (const [lead, upper, lower, full] of MISREAD) {
    if (!seen.includes(lead)) continue;
    seen = seen
      .replaceAll(lead + upper, "▀")
      .replaceAll(lead + lower, "▄")
      .replaceAll(lead + full, "█");
  }
  return /[█▀▄]|\[[\d;:]{0,60}m/.test(seen) ? seen.replace(WRITTEN_SEQUENCE, "\u001b[$1m") : seen;
}
