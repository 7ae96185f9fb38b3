import QRCode from "qrcode-terminal/vendor/QRCode/index.js";
import QRUtil from "qrcode-terminal/vendor/QRCode/QRUtil.js";

const MASKS = [0, 1, 2, 3, 4, 5, 6, 7];
/** ISO/IEC 18004 §7.8.2, table 10: after so many rows and columns every mask begins anew. */
const MASK_PERIOD = 12;

/** ISO/IEC 18004 §7.8.3.1, table 11: what is held against a mask. */
const RUN_FROM = 5;
const RUN = 3;
const BLOCK = 3;
const FINDER_ALIKE = 40;
const IMBALANCE = 10;

/** Modules alike to a finder pattern, after and before a light area of four: the margin is one, too. */
const FINDERS_ALIKE = ["00001011101", "10111010000"];
const MARGIN = "0000";

/** The largest code has 177 modules on a side (§6.3.1). */
const MOST_BITS = 177 * (177 + MARGIN.length);
/** Of every pair of bits the lower one, of every four the lower two, and so on. */
const HALVES = [1, 2, 4, 8].map((half) => ({
  half: BigInt(half),
  lower: BigInt(`0b${("0".repeat(half) + "1".repeat(half)).repeat(Math.ceil(MOST_BITS / (2 * half)))}`),
}));

/**
 * A square of modules, a bit for each, in one number row by row and in another column by column; the light margin after each
 * line is in it, too. So whatever is counted is counted for all at once: one by one it takes ten times as long.
 */
export interface Square {
  readonly side: number;
  readonly rows: bigint;
  readonly columns: bigint;
}

/**
 * A code that chooses its mask by the points of ISO/IEC 18004. qrcode-terminal's own way counts other things, and takes
 * longer than making all the rest.
 */
export class MaskedCode extends QRCode {
  /** Which modules hold data: these are masked. */
  #holdData: Square | undefined;

  override mapData(codewords: readonly number[], mask: number): void {
    this.#holdData ??= squareOf(this.modules.map((row) => row.map((module) => module === null)));
    super.mapData(codewords, mask);
  }

  override getBestMaskPattern(): number {
    const [first = 0] = MASKS;
    this.makeImpl(true, first);
    const unmasked = this.#masked(squareOf(this.modules), first);
    const points = MASKS.map((mask) => penalty(this.#masked(unmasked, mask)));
    return points.indexOf(Math.min(...points));
  }

  /** The code with a mask, or what is left where that mask is its own: it inverts some, and once more takes that back. */
  #masked({ side, rows, columns }: Square, mask: number): Square {
    const inverted = maskOf(mask, side);
    const holdData = this.#holdData ?? { rows: 0n, columns: 0n };
    return {
      side,
      rows: rows ^ (inverted.rows & holdData.rows),
      columns: columns ^ (inverted.columns & holdData.columns),
    };
  }
}

/** @param rows true for a dark module */
export function squareOf(rows: readonly (readonly boolean[])[]): Square {
  const lines = rows.map((row) => row.map((module) => (module ? "1" : "0")).join(""));
  return { side: rows.length, rows: inOneNumber(lines), columns: inOneNumber(turned(lines)) };
}

/** The modules that a mask inverts, if they hold data. */
function maskOf(mask: number, side: number): Square {
  const numbers = Array.from({ length: MASK_PERIOD }, (_, number) => number);
  const period = numbers.map((row) =>
    numbers.map((column) => (QRUtil.getMask(mask, row, column) ? "1" : "0")).join(""),
  );
  const continued = (lines: readonly string[]) =>
    Array.from({ length: side }, (_, line) => (lines[line % MASK_PERIOD] ?? "").repeat(side).slice(0, side));
  return { side, rows: inOneNumber(continued(period)), columns: inOneNumber(continued(turned(period))) };
}

function inOneNumber(lines: readonly string[]): bigint {
  return BigInt(`0b0${lines.map((line) => line + MARGIN).join("")}`);
}

/** Rows become columns. */
function turned(lines: readonly string[]): string[] {
  return lines.map((_, column) => lines.map((line) => line[column]).join(""));
}

/** ISO/IEC 18004 §7.8.3: how much there is in a code that readers may stumble over. */
export function penalty({ side, rows, columns }: Square): number {
  const all = inOneNumber(Array<string>(side).fill("1".repeat(side)));
  const points = [rows, columns].map((lines) => pointsOfRuns(lines, all) + pointsOfFinders(lines));
  const fivePercents = Math.floor(Math.abs((100 * count(rows)) / side ** 2 - 50) / 5);
  return points.reduce((sum, each) => sum + each, pointsOfBlocks(rows, all, side) + IMBALANCE * fivePercents);
}

/** Runs of one colour in a line. */
function pointsOfRuns(dark: bigint, all: bigint): number {
  let points = 0;
  for (const alike of [dark, dark ^ all]) {
    // Where so many alike end: at several modules of a longer run.
    let ends = alike;
    for (let before = 1; before < RUN_FROM; before++) ends &= alike >> BigInt(before);
    const runs = ends & ~(ends << 1n);
    points += count(ends) + (RUN - 1) * count(runs);
  }
  return points;
}

function pointsOfFinders(dark: bigint): number {
  let points = 0;
  for (const alike of FINDERS_ALIKE) {
    // Before the first line all is light, as it is after each.
    const found = [...alike].reverse().map((bit, before) => (bit === "1" ? dark : ~dark) >> BigInt(before));
    points += FINDER_ALIKE * count(found.reduce((some, each) => some & each));
  }
  return points;
}

/** Blocks of two by two in one colour. */
function pointsOfBlocks(rows: bigint, all: bigint, side: number): number {
  const lineLength = BigInt(side + MARGIN.length);
  const unlikeBefore = rows ^ (rows >> 1n);
  const unlikeAbove = rows ^ (rows >> lineLength);
  const corners = all & (all >> 1n) & (all >> lineLength);
  return BLOCK * count(corners & ~(unlikeBefore | unlikeAbove | (unlikeAbove >> 1n)));
}

/** How many bits of a number that isn't negative are set: of every two, four, eight and sixteen, and then of all. */
function count(bits: bigint): number {
  let counts = bits;
  for (const { half, lower } of HALVES) counts = (counts & lower) + ((counts >> half) & lower);
  // Divided by one less than its base, a number leaves the sum of its digits, which is smaller here.
  return Number(counts % 0xffffn);
}
