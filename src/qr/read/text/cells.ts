/** Dots of a cell, two in each row of four, from the top: what of it is drawn in the foreground. Grey is full here. */
export const DOTS = { across: 2, down: 4 } as const;

/** A character's place in a terminal. */
export interface Cell {
  /** Which dots are in the foreground, as bits: 1 is the left one of the top row, 2 the right one, 4 below it. */
  readonly dots: number;
  /** How light, from 0 to 255; undefined is the terminal's own. */
  readonly foreground: number | undefined;
  readonly background: number | undefined;
  /** It is of a drawing: a block, or of a colour of its own. */
  readonly isDrawn: boolean;
  /** Nothing is seen of it. */
  readonly isBlank: boolean;
}

const UPPER = 0b0000_1111;
const LOWER = 0b1111_0000;
const FULL = UPPER | LOWER;
const [LEFT, RIGHT] = [0b0101_0101, 0b1010_1010];

const quarters = (upper: number, lower: number) => (upper & UPPER) | (lower & LOWER);

/** Block elements of Unicode, and what other programs draw codes with; "wide" ones take two cells. */
const BLOCKS = new Map<string, number>([
  ["█", FULL],
  ["▓", FULL],
  ["▒", FULL],
  ["■", FULL],
  ["▀", UPPER],
  ["▄", LOWER],
  ["▌", LEFT],
  ["▐", RIGHT],
  ["▘", quarters(LEFT, 0)],
  ["▝", quarters(RIGHT, 0)],
  ["▖", quarters(0, LEFT)],
  ["▗", quarters(0, RIGHT)],
  ["▚", quarters(LEFT, RIGHT)],
  ["▞", quarters(RIGHT, LEFT)],
  ["▛", quarters(FULL, LEFT)],
  ["▜", quarters(FULL, RIGHT)],
  ["▙", quarters(LEFT, FULL)],
  ["▟", quarters(RIGHT, FULL)],
]);
const WIDE = new Map<string, number>([
  ["⬜", FULL],
  ["◻", FULL],
  ["⬛", 0],
  ["◼", 0],
]);
/** Unicode numbers the dots of Braille downwards, the lowest row last. */
const BRAILLE = [0, 2, 4, 1, 3, 5, 6, 7];

/** `##` for each module. Only lines of nothing else are taken for a drawing. */
const ONLY_SIGNS = /^[ #]*#[ #]*$/;

const CONTROL_OR_CHARACTER =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what this is about
  /\u001b\[([0-?]*)[ -/]*([@-~])|\u001b\][^\u0007\u001b]{0,4096}(?:\u0007|\u001b\\)|\p{Default_Ignorable_Code_Point}|./gsu;

interface Colours {
  foreground: number | undefined;
  background: number | undefined;
  isInverse: boolean;
}

/** A text as the cells of a terminal, line by line; colours go on from one line to the next. */
export function cellsOf(text: string): Cell[][] {
  const colours: Colours = { foreground: undefined, background: undefined, isInverse: false };
  return text.split("\n").map((line) => {
    const cells: Cell[] = [];
    const isOfSigns = ONLY_SIGNS.test(line);
    for (const [token, parameters, command] of line.matchAll(CONTROL_OR_CHARACTER)) {
      if (command === "m") obey(parameters ?? "", colours);
      else if (!token.startsWith("\u001b") && !/^\p{Default_Ignorable_Code_Point}/u.test(token)) {
        cells.push(...cellsFor(token, colours, isOfSigns));
      }
    }
    return cells;
  });
}

function cellsFor(token: string, { foreground, background, isInverse }: Colours, isOfSigns: boolean): Cell[] {
  const colours = isInverse
    ? { foreground: background ?? 0, background: foreground ?? 255 }
    : { foreground, background };
  const wide = WIDE.get(token);
  const block =
    wide ?? BLOCKS.get(token) ?? braille(token) ?? (isOfSigns && token === "#" ? FULL : undefined);
  const isDrawn = block !== undefined || colours.background !== undefined;
  const cell = { dots: block ?? 0, ...colours, isDrawn, isBlank: !isDrawn && /^\s*$/.test(token) };
  return wide === undefined && token !== "\u3000" ? [cell] : [cell, cell];
}

function braille(token: string): number | undefined {
  const bits = (token.codePointAt(0) ?? 0) - 0x2800;
  if (bits < 0 || bits > 0xff) return undefined;
  return BRAILLE.reduce((dots, at, i) => dots | (((bits >> i) & 1) << at), 0);
}

/** ECMA-48 §8.3.117, SGR, with the colours of xterm. */
function obey(parameters: string, colours: Colours): void {
  const numbers = parameters.split(/[;:]/, 64).map(Number);
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] ?? 0;
    if (number === 0)
      Object.assign(colours, { foreground: undefined, background: undefined, isInverse: false });
    else if (number === 7) colours.isInverse = true;
    else if (number === 27) colours.isInverse = false;
    else if (number === 39) colours.foreground = undefined;
    else if (number === 49) colours.background = undefined;
    else if (number === 38 || number === 48) {
      const which = number === 38 ? "foreground" : "background";
      const isTriple = numbers[i + 1] === 2;
      colours[which] = isTriple ? lightness(numbers.slice(i + 2, i + 5)) : ofPalette(numbers[i + 2] ?? 0);
      i += isTriple ? 4 : 2;
    } else if (number >= 30 && number <= 37) colours.foreground = ofPalette(number - 30);
    else if (number >= 40 && number <= 47) colours.background = ofPalette(number - 40);
    else if (number >= 90 && number <= 97) colours.foreground = ofPalette(number - 82);
    else if (number >= 100 && number <= 107) colours.background = ofPalette(number - 92);
  }
}

/** xterm's 256 colours: sixteen named ones, a cube of 6 × 6 × 6, greys. */
function ofPalette(index: number): number {
  if (index >= 232) return Math.min(255, 8 + 10 * (index - 232));
  if (index >= 16) {
    const level = (part: number) => (part === 0 ? 0 : 55 + 40 * part);
    return lightness([36, 6, 1].map((step) => level(Math.floor((index - 16) / step) % 6)));
  }
  // White, light or not, is what the light modules are drawn with.
  if (index === 7 || index === 15) return 255;
  return lightness([1, 2, 4].map((bit) => (index & bit ? (index < 8 ? 170 : 255) : index < 8 ? 0 : 85)));
}

function lightness([red = 0, green = 0, blue = 0]: readonly number[]): number {
  return Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
}
