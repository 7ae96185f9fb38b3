import QRCode from "qrcode-terminal/vendor/QRCode/index.js";
import QRUtil from "qrcode-terminal/vendor/QRCode/QRUtil.js";

const MASKS = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** ISO/IEC 18004 §7.8.3.1, table 11: what is held against a mask. */
const RUN_FROM = 5;
const RUN = 3;
const BLOCK = 3;
const FINDER_ALIKE = 40;
const IMBALANCE = 10;

/** Modules alike to a finder pattern, after and before a light area of four: the margin is one, too. */
const AFTER_LIGHT = 0b00001011101;
const BEFORE_LIGHT = 0b10111010000;
const LAST_BITS = 0b11111111111;
const LIGHT_AREA = 4;

/**
 * A code that chooses its mask by the points of ISO/IEC 18004. qrcode-terminal's own way counts other things, and takes
 * longer than making all the rest.
 */
export class MaskedCode extends QRCode {
  /** Which modules hold data, row by row: these are masked. */
  #holdData: readonly boolean[] = [];

  override mapData(codewords: readonly number[], mask: number): void {
    this.#holdData = this.modules.flatMap((row) => row.map((module) => module === null));
    super.mapData(codewords, mask);
  }

  override getBestMaskPattern(): number {
    const [first] = MASKS;
    this.makeImpl(true, first);
    const side = this.modules.length;
    const unmasked = this.#masked(Uint8Array.from(this.modules.flat(), Number), first);
    const points = MASKS.map((mask) => penalty(this.#masked(unmasked, mask), side));
    return points.indexOf(Math.min(...points));
  }

  /** The cells with a mask, or what is left where that mask is theirs: it inverts some, and once more takes that back. */
  #masked(cells: Uint8Array, mask: number): Uint8Array {
    const side = this.modules.length;
    const masked = cells.slice();
    for (let row = 0, at = 0; row < side; row++) {
      for (let column = 0; column < side; column++, at++) {
        if (this.#holdData[at] && QRUtil.getMask(mask, row, column)) masked[at] = 1 - (cells[at] ?? 0);
      }
    }
    return masked;
  }
}

/**
 * ISO/IEC 18004 §7.8.3: how much there is in a code that readers may stumble over.
 *
 * @param cells row by row, 1 for dark
 */
export function penalty(cells: Uint8Array, side: number): number {
  let points = 0;
  for (let line = 0; line < side; line++) {
    points += pointsOfLine(cells, line * side, 1, side) + pointsOfLine(cells, line, side, side);
  }
  for (let at = side + 1; at < cells.length; at++) {
    if (at % side === 0) continue;
    const cell = cells[at];
    if (cell === cells[at - 1] && cell === cells[at - side] && cell === cells[at - side - 1]) points += BLOCK;
  }
  const dark = cells.reduce((sum, cell) => sum + cell, 0);
  const fivePercents = Math.floor(Math.abs((100 * dark) / cells.length - 50) / 5);
  return points + IMBALANCE * fivePercents;
}

/** Runs of one colour in a row or a column, and what looks like a finder pattern there. */
function pointsOfLine(cells: Uint8Array, start: number, step: number, side: number): number {
  let points = 0;
  let run = 0;
  let last = -1;
  let bits = 0;
  for (let at = start; at < start + side * step; at += step) {
    const cell = cells[at] ?? 0;
    bits = ((bits << 1) | cell) & LAST_BITS;
    if (bits === AFTER_LIGHT || bits === BEFORE_LIGHT) points += FINDER_ALIKE;
    run = cell === last ? run + 1 : 1;
    last = cell;
    if (run === RUN_FROM) points += RUN;
    else if (run > RUN_FROM) points++;
  }
  for (let light = 0; light < LIGHT_AREA; light++) {
    bits = (bits << 1) & LAST_BITS;
    if (bits === BEFORE_LIGHT) points += FINDER_ALIKE;
  }
  return points;
}
