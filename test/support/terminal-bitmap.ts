export interface Bitmap {
  /** RGBA. */
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

export interface Theme {
  /** Grey values, 0 to 255, of text and ground without any colour set. */
  readonly foreground: number;
  readonly background: number;
}

export const DARK: Theme = { foreground: 230, background: 20 };
export const LIGHT: Theme = { foreground: 40, background: 250 };

/** What a terminal makes of a font and a line height, in pixels. */
export interface Font {
  readonly cellWidth: number;
  /** The height of a full block. */
  readonly blockHeight: number;
  /** What is left of a line above and below it, and only gets the background. */
  readonly gaps: readonly [above: number, below: number];
}

const USUAL: Font = { cellWidth: 8, blockHeight: 16, gaps: [0, 0] };
/** An odd height has no middle. */
const SMALL: Font = { cellWidth: 6, blockHeight: 13, gaps: [0, 0] };

export const TIGHT_FONTS: Readonly<Record<string, Font>> = { "8x16": USUAL, "6x13": SMALL };
/** The line heights that people set, of 1.2 and 1.5 times the font's own. */
export const SPACED_FONTS: Readonly<Record<string, Font>> = {
  "8x16, gaps below": { ...USUAL, gaps: [1, 2] },
  "8x16, gaps above": { ...USUAL, gaps: [2, 1] },
  "8x16, large gaps": { ...USUAL, gaps: [4, 4] },
  "6x13, gaps": { ...SMALL, gaps: [1, 2] },
};

/** Cells of empty terminal around what is drawn. */
const SURROUNDINGS = 3;

/** Paints lines as a terminal does that knows the 256 colours' greys and half blocks. What else comes, throws. */
export function paint(lines: readonly string[], theme: Theme, font = USUAL): Bitmap {
  const rows = lines.map((line) => toCells(line, theme));
  const columns = Math.max(...rows.map((row) => row.length)) + 2 * SURROUNDINGS;
  const { cellWidth, blockHeight, gaps } = font;
  const lineHeight = gaps[0] + blockHeight + gaps[1];
  const width = columns * cellWidth;
  const height = (rows.length + 2 * SURROUNDINGS) * lineHeight;
  // In words of red, green, blue and alpha, which are alike in greys.
  const pixels = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = rows[Math.floor(y / lineHeight) - SURROUNDINGS];
    const part = partAt((y % lineHeight) - gaps[0], blockHeight);
    for (let column = 0; column < columns; column++) {
      const grey = row?.[column - SURROUNDINGS]?.[part] ?? theme.background;
      const start = y * width + column * cellWidth;
      pixels.fill(((255 << 24) | (grey * 0x010101)) >>> 0, start, start + cellWidth);
    }
  }
  return { data: new Uint8ClampedArray(pixels.buffer), width, height };
}

function partAt(y: number, blockHeight: number): keyof Cell {
  if (y < 0 || y >= blockHeight) return "ground";
  return y < Math.floor(blockHeight / 2) ? "upper" : "lower";
}

interface Cell {
  readonly upper: number;
  readonly lower: number;
  readonly ground: number;
}

function toCells(line: string, theme: Theme): Cell[] {
  const cells: Cell[] = [];
  let { foreground, background } = theme;
  const push = (upper: number, lower: number) => void cells.push({ upper, lower, ground: background });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are set by escape sequences
  for (const [token, parameters] of line.matchAll(/\u001b\[([\d;]*)m|./gsu)) {
    if (parameters === "0") ({ foreground, background } = theme);
    else if (parameters?.startsWith("38;5;")) foreground = grey(Number(parameters.slice(5)));
    else if (parameters?.startsWith("48;5;")) background = grey(Number(parameters.slice(5)));
    else if (token === " ") push(background, background);
    else if (token === "█") push(foreground, foreground);
    else if (token === "▀") push(foreground, background);
    else if (token === "▄") push(background, foreground);
    else throw new Error(`A terminal would not draw a QR code with ${JSON.stringify(token)}.`);
  }
  if (foreground !== theme.foreground || background !== theme.background) {
    throw new Error("The line leaves its colours behind.");
  }
  return cells;
}

/** xterm's 256 colours: the cube's white, and the ramp of greys from 232. */
function grey(colour: number): number {
  if (colour === 231) return 255;
  if (colour >= 232 && colour <= 255) return 8 + 10 * (colour - 232);
  throw new Error(`Colour ${colour} is not the same in every theme.`);
}
