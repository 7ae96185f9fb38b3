import type { EcLevel, QrLevel, QrSize } from "./choices.js";
import { LEVELS_BEST_FIRST, qrModules, sideOf, withMargin } from "./modules.js";

export interface DrawOptions {
  /** Cells and lines that there are for the drawing; Infinity where nothing limits them. */
  readonly columns: number;
  readonly rows: number;
  readonly size: QrSize;
  readonly ecLevel: EcLevel;
  /**
   * With colours the code is black on white in every theme. Without, its light modules are drawn in the
   * terminal's foreground: right on a dark background, and inverted, which most readers take, on a light one.
   */
  readonly colour: boolean;
}

export interface QrDrawing {
  /** Each line sets the colours it needs and resets them. */
  readonly lines: readonly string[];
  readonly width: number;
  readonly height: number;
  readonly level: QrLevel;
}

/** Half of what ISO/IEC 18004 asks for, but enough for readers, and with it the usual code fits 80x24. */
const MARGIN = 2;
/** ISO/IEC 18004 §6.3.3: the side of a finder pattern, in modules. */
const FINDER = 7;

/**
 * Themes give the sixteen named colours other values, up to swapping black and white, and some redefine the
 * next few; the end of the colour cube and the first grey are left alone.
 */
const WHITE = 231;
const BLACK = 232;
const RESET = "\u001b[0m";

/** What a module or a pair of them is drawn with; without colours, in the terminal's own. */
interface Cell {
  readonly text: string;
  readonly foreground?: number | undefined;
  readonly background?: number | undefined;
}

/** A level whose code fits, and the cells and lines that it takes. */
export type QrFit = Omit<QrDrawing, "lines">;

/**
 * Whether a drawing of the payload is wanted and fits, and how large it would be: known without drawing it.
 *
 * @returns undefined where no drawing is wanted or none fits
 */
export function fitQr(payload: Uint8Array, options: Omit<DrawOptions, "colour">): QrFit | undefined {
  if (options.size === "none") return undefined;
  const levels = options.ecLevel === "auto" ? LEVELS_BEST_FIRST : [options.ecLevel];
  for (const level of levels) {
    const modules = sideOf(payload, level);
    if (modules === undefined) continue;
    const side = modules + 2 * MARGIN;
    const [width, height] = options.size === "large" ? [side * 2, side] : [side, Math.ceil(side / 2)];
    if (width <= options.columns && height <= options.rows) return { level, width, height };
  }
  return undefined;
}

/**
 * Draws a payload as a QR code for a terminal.
 *
 * @returns undefined where no drawing is wanted or none fits
 */
export function drawQr(payload: Uint8Array, options: DrawOptions): QrDrawing | undefined {
  const fit = fitQr(payload, options);
  if (!fit) return undefined;
  const modules = withMargin(qrModules(payload, fit.level), MARGIN);
  const draw = options.size === "large" ? wholeCells : halfCells;
  return { ...fit, lines: draw(modules, options.colour).map(toLine) };
}

function wholeCells(modules: readonly boolean[][], colour: boolean): Cell[][] {
  const light: Cell = colour ? { text: "  ", background: WHITE } : { text: "██" };
  const dark: Cell = colour ? { text: "  ", background: BLACK } : { text: "  " };
  return modules.map((row) => row.map((isDark) => (isDark ? dark : light)));
}

function halfCells(modules: readonly boolean[][], colour: boolean): Cell[][] {
  const lines: Cell[][] = [];
  // Codes have an odd number of rows: the one that is missing to whole lines is added to the margin above.
  for (let y = -1; y < modules.length; y += 2) {
    const isHead = headOfFinder(y - MARGIN, modules.length - 2 * MARGIN);
    const lower = modules[y + 1] ?? [];
    lines.push(
      lower.map((lowerDark, x) => {
        const upperDark = modules[y]?.[x] ?? false;
        return colour
          ? blackHalves(upperDark, lowerDark, isHead(x - MARGIN))
          : foregroundHalves(upperDark, lowerDark);
      }),
    );
  }
  return lines;
}

/**
 * Fonts and line spacing leave gaps above and below blocks, in which the background is seen. So equal modules are
 * nothing but background, and where white gaps would cut a finder pattern, white is what is drawn, on black. Readers
 * get over gaps in all the rest.
 */
function blackHalves(upperDark: boolean, lowerDark: boolean, onBlack: boolean): Cell {
  if (upperDark === lowerDark) return { text: " ", background: upperDark ? BLACK : WHITE };
  const colours = onBlack
    ? { foreground: WHITE, background: BLACK }
    : { foreground: BLACK, background: WHITE };
  return { text: upperDark === onBlack ? "▄" : "▀", ...colours };
}

/**
 * Whether a line, whose upper half is row `y` of a code without its margin, has the upper part of finder patterns:
 * the beginning of the ring, and that of the square in it. Both are in the lower half, and go on in the next line.
 */
function headOfFinder(y: number, side: number): (x: number) => boolean {
  const isHeadFrom = (top: number) => y === top - 1 || y === top + 1;
  const [isUpper, isLower] = [isHeadFrom(0), isHeadFrom(side - FINDER)];
  return (x) => (x >= 0 && x < FINDER && (isUpper || isLower)) || (x >= side - FINDER && x < side && isUpper);
}

/** The other way round: the light modules are what is drawn. */
function foregroundHalves(upperDark: boolean, lowerDark: boolean): Cell {
  return { text: upperDark ? (lowerDark ? " " : "▄") : lowerDark ? "▀" : "█" };
}

function toLine(cells: readonly Cell[]): string {
  let line = "";
  let current: Omit<Cell, "text"> = {};
  for (const { text, ...wanted } of cells) {
    const { foreground = current.foreground, background } = wanted;
    if (foreground !== current.foreground) line += `\u001b[38;5;${foreground}m`;
    if (background !== current.background) line += `\u001b[48;5;${background}m`;
    current = { foreground, background };
    line += text;
  }
  return current.background === undefined ? line : line + RESET;
}
