import { fitsLevel, LEVELS_BEST_FIRST, type QrLevel, qrModules, withMargin } from "./modules.js";

/** `--qr`: half blocks, which `auto` takes too; two cells a module, drawn without any character but space; none. */
export type QrSize = "auto" | "small" | "large" | "none";
/** `--ec-level`: `auto` is the best that still fits. */
export type EcLevel = "auto" | QrLevel;

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

/**
 * Themes give the sixteen named colours other values, up to swapping black and white, and some redefine the
 * next few; the end of the colour cube and the first grey are left alone.
 */
const WHITE = 231;
const BLACK = 232;
const BLACK_TEXT = `\u001b[38;5;${BLACK}m`;
const RESET = "\u001b[0m";

/** What a module or a pair of them is drawn with; without a background, in the terminal's own colours. */
interface Cell {
  readonly text: string;
  readonly background?: number;
}

/**
 * Draws a payload as a QR code for a terminal.
 *
 * @returns undefined where no drawing is wanted or none fits
 */
export function drawQr(payload: Uint8Array, options: DrawOptions): QrDrawing | undefined {
  if (options.size === "none") return undefined;
  const levels = options.ecLevel === "auto" ? LEVELS_BEST_FIRST : [options.ecLevel];
  for (const level of levels) {
    if (!fitsLevel(payload, level)) continue;
    const modules = withMargin(qrModules(payload, level), MARGIN);
    const large = options.size === "large";
    const width = large ? modules.length * 2 : modules.length;
    const height = large ? modules.length : Math.ceil(modules.length / 2);
    if (width > options.columns || height > options.rows) continue;
    const cells = large ? wholeCells(modules, options.colour) : halfCells(modules, options.colour);
    return { lines: cells.map(toLine), width, height, level };
  }
  return undefined;
}

function wholeCells(modules: readonly boolean[][], colour: boolean): Cell[][] {
  const light: Cell = colour ? { text: "  ", background: WHITE } : { text: "██" };
  const dark: Cell = colour ? { text: "  ", background: BLACK } : { text: "  " };
  return modules.map((row) => row.map((isDark) => (isDark ? dark : light)));
}

function halfCells(modules: readonly boolean[][], colour: boolean): Cell[][] {
  const cell = colour ? blackHalves : foregroundHalves;
  const lines: Cell[][] = [];
  for (let y = 0; y < modules.length; y += 2) {
    const lower = modules[y + 1];
    lines.push((modules[y] ?? []).map((isDark, x) => cell(isDark, lower?.[x] ?? false)));
  }
  return lines;
}

/**
 * Two dark modules get a black background too, because fonts and line spacing leave gaps between blocks. They
 * are a block all the same, so that text copied without its colours is still a code.
 */
function blackHalves(upperDark: boolean, lowerDark: boolean): Cell {
  if (upperDark && lowerDark) return { text: "█", background: BLACK };
  return { text: upperDark ? "▀" : lowerDark ? "▄" : " ", background: WHITE };
}

/** The other way round: the light modules are what is drawn. */
function foregroundHalves(upperDark: boolean, lowerDark: boolean): Cell {
  return { text: upperDark ? (lowerDark ? " " : "▄") : lowerDark ? "▀" : "█" };
}

function toLine(cells: readonly Cell[]): string {
  let line = "";
  let current: number | undefined;
  for (const { text, background } of cells) {
    if (background !== current) line += `\u001b[48;5;${background}m`;
    current = background;
    line += text;
  }
  return current === undefined ? line : BLACK_TEXT + line + RESET;
}
