/** Letters and digits that can be read from where a phone is held. */

/** Seven rows each, from the top, as digits of base 32: their bits are the five pixels of a row. The zero has a stroke. */
const GLYPHS: Readonly<Record<string, string>> = {
  ...{ A: "ehhvhhh", B: "uhhuhhu", C: "ehggghe", D: "uhhhhhu", E: "vgguggv", F: "vgguggg", G: "ehgnhhe" },
  ...{ H: "hhhvhhh", I: "e44444e", J: "72222ic", K: "hikokih", L: "ggggggv", M: "hrllhhh", N: "hhpljhh" },
  ...{ O: "ehhhhhe", P: "uhhuggg", Q: "ehhhlid", R: "uhhukih", S: "fgge11u", T: "v444444", U: "hhhhhhe" },
  ...{ V: "hhhhha4", W: "hhhllla", X: "hha4ahh", Y: "hha4444", Z: "v1248gv", "-": "000e000" },
  ...{ 0: "ehjlphe", 1: "4c4444e", 2: "eh1248v", 3: "v2421he", 4: "26aiv22" },
  ...{ 5: "vgu11he", 6: "68guhhe", 7: "v124888", 8: "ehhehhe", 9: "ehhf12c" },
};
const WIDTH = 5;
const GAP = 1;

/**
 * Draws a text with half blocks, four lines high, in several rows where one is too long: broken after hyphens, or else
 * where all rows come out about equally long.
 *
 * @param columns how wide it may be
 * @returns undefined where there is no room for it, or no glyph for one of its characters
 */
export function largeText(text: string, columns: number): string[] | undefined {
  const most = Math.floor((columns + GAP) / (WIDTH + GAP));
  if (most < 1 || text === "" || ![...text].every((character) => character in GLYPHS)) return undefined;
  return rowsOf(text, most).flatMap((row, index) => (index === 0 ? draw(row) : ["", ...draw(row)]));
}

function rowsOf(text: string, most: number): string[] {
  if (text.length <= most) return [text];
  const groups = text.split(/(?<=-)/);
  if (groups.length > 1 && groups.every((group) => group.length <= most)) return groups;
  const length = Math.ceil(text.length / Math.ceil(text.length / most));
  return text.match(new RegExp(`.{1,${length}}`, "g")) ?? [];
}

function draw(row: string): string[] {
  return [0, 2, 4, 6].map((top) => [...row].map((character) => halves(character, top)).join(" ".repeat(GAP)));
}

/** Two rows of a glyph's pixels as one line. */
function halves(character: string, top: number): string {
  const glyph = GLYPHS[character] ?? "";
  const [upper = 0, lower = 0] = [...glyph.slice(top, top + 2)].map((digit) => Number.parseInt(digit, 32));
  const pixels = Array.from({ length: WIDTH }, (_, index) => 1 << (WIDTH - 1 - index));
  return pixels.map((bit) => " ▀▄█"[(upper & bit ? 1 : 0) + (lower & bit ? 2 : 0)]).join("");
}
