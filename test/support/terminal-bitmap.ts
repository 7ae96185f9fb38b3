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

const CELL_WIDTH = 8;
const CELL_HEIGHT = 16;
/** Cells of empty terminal around what is drawn. */
const SURROUNDINGS = 3;

/** Paints lines as a terminal does that knows the 256 colours' greys and half blocks. What else comes, throws. */
export function paint(lines: readonly string[], theme: Theme): Bitmap {
  const rows = lines.map((line) => toCells(line, theme));
  const columns = Math.max(...rows.map((row) => row.length)) + 2 * SURROUNDINGS;
  const width = columns * CELL_WIDTH;
  const height = (rows.length + 2 * SURROUNDINGS) * CELL_HEIGHT;
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const row = rows[Math.floor(y / CELL_HEIGHT) - SURROUNDINGS];
      const cell = row?.[Math.floor(x / CELL_WIDTH) - SURROUNDINGS];
      const half = y % CELL_HEIGHT < CELL_HEIGHT / 2 ? "upper" : "lower";
      data.fill(cell?.[half] ?? theme.background, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  }
  return { data, width, height };
}

interface Cell {
  readonly upper: number;
  readonly lower: number;
}

function toCells(line: string, theme: Theme): Cell[] {
  const cells: Cell[] = [];
  let { foreground, background } = theme;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are set by escape sequences
  for (const [token, parameters] of line.matchAll(/\u001b\[([\d;]*)m|./gsu)) {
    if (parameters === "0") ({ foreground, background } = theme);
    else if (parameters?.startsWith("38;5;")) foreground = grey(Number(parameters.slice(5)));
    else if (parameters?.startsWith("48;5;")) background = grey(Number(parameters.slice(5)));
    else if (token === " ") cells.push({ upper: background, lower: background });
    else if (token === "█") cells.push({ upper: foreground, lower: foreground });
    else if (token === "▀") cells.push({ upper: foreground, lower: background });
    else if (token === "▄") cells.push({ upper: background, lower: foreground });
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
