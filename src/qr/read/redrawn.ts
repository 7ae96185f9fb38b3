import { type Finder, findFinders, isDarkInFinder } from "./finders.js";
import type { GreyPicture } from "./grey-picture.js";

/** Guesses at where a code is that are followed up. */
const MAX_GUESSES = 24;
/** ISO/IEC 18004 §6.3.1: the modules of a side are 21, 25, … 177, and finder patterns are 7 wide. */
const [LEAST_DISTANCE, GREATEST_DISTANCE] = [14, 170];
/** Modules around a code. */
const MARGIN = 4;
/** How far around a pixel it is looked how light the picture is there, in its sides. */
const REACH = 1 / 12;

/** Where an upright code may be: the middle of its upper left finder pattern, and the distance to the other two. */
interface Guess {
  readonly x: number;
  readonly y: number;
  readonly distance: number;
  readonly module: number;
}

/**
 * Copies of upright codes, cut out of a screenshot, in black and white, with a margin, and with all three finder patterns
 * drawn anew: a pointer or an arrow may hide one of them, and a dark page touch them.
 */
export function redrawnCodes(picture: GreyPicture): GreyPicture[] {
  const codes: GreyPicture[] = [];
  for (const flat of [byOneThreshold(picture), byLocalThreshold(picture)]) {
    for (const copy of [flat, inverted(flat)]) {
      codes.push(...guesses(findFinders(copy)).map((guess) => redraw(copy, guess)));
      if (codes.length >= MAX_GUESSES) return codes.slice(0, MAX_GUESSES);
    }
  }
  return codes;
}

function byOneThreshold({ data, width, height }: GreyPicture): GreyPicture {
  const counts = new Uint32Array(256);
  for (const value of data) counts[value] = (counts[value] ?? 0) + 1;
  const at = (part: number) => {
    let sum = 0;
    return counts.findIndex((count) => {
      sum += count;
      return sum > part * data.length;
    });
  };
  const threshold = (at(0.02) + at(0.98)) / 2;
  return { data: data.map((value) => (value > threshold ? 255 : 0)), width, height };
}

/** Lighter than the mean of the square around it, or not. */
function byLocalThreshold({ data, width, height }: GreyPicture): GreyPicture {
  const reach = Math.max(8, Math.round(Math.min(width, height) * REACH));
  const sums = new Float64Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      row += data[y * width + x] ?? 0;
      sums[(y + 1) * (width + 1) + x + 1] = (sums[y * (width + 1) + x + 1] ?? 0) + row;
    }
  }
  const flat = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [Math.max(0, y - reach) * (width + 1), Math.min(height, y + reach) * (width + 1)];
    const rows = (bottom - top) / (width + 1);
    for (let x = 0; x < width; x++) {
      const [left, right] = [Math.max(0, x - reach), Math.min(width, x + reach)];
      const sum =
        (sums[bottom + right] ?? 0) -
        (sums[bottom + left] ?? 0) -
        (sums[top + right] ?? 0) +
        (sums[top + left] ?? 0);
      flat[y * width + x] = (data[y * width + x] ?? 0) * rows * (right - left) > sum ? 255 : 0;
    }
  }
  return { data: flat, width, height };
}

function inverted({ data, width, height }: GreyPicture): GreyPicture {
  return { data: data.map((value) => 255 - value), width, height };
}

/** Of every two finder patterns, where the code would be whose third one is at any place that it could have. */
function guesses(finders: readonly Finder[]): Guess[] {
  const all = finders.flatMap((a, i) => finders.slice(i + 1).flatMap((b) => ofPair(a, b)));
  const distinct = all.filter((guess, i) => !all.slice(0, i).some((earlier) => isSame(earlier, guess)));
  return distinct.toSorted((a, b) => support(b, finders) - support(a, finders)).slice(0, MAX_GUESSES / 4);
}

function ofPair(a: Finder, b: Finder): Guess[] {
  const [dx, dy] = [Math.abs(a.x - b.x), Math.abs(a.y - b.y)];
  const seen = (a.module + b.module) / 2;
  const modules = Math.round((Math.max(dx, dy) / seen - LEAST_DISTANCE) / 4) * 4 + LEAST_DISTANCE;
  const distance = Math.max(dx, dy);
  const isCode =
    Math.abs(a.module - b.module) <= 0.25 * seen + 0.5 &&
    Math.abs(distance / seen - modules) < 0.1 * modules &&
    modules >= LEAST_DISTANCE &&
    modules <= GREATEST_DISTANCE;
  if (!isCode) return [];
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  const of = (left: number, top: number): Guess => ({
    x: left,
    y: top,
    distance,
    module: distance / modules,
  });
  // Side by side, one below the other, or at opposite corners.
  if (dy < 2 * seen) return [of(x, y), of(x, y - distance)];
  if (dx < 2 * seen) return [of(x, y), of(x - distance, y)];
  return Math.abs(dx - dy) < 2 * seen ? [of(x, y)] : [];
}

function isSame(a: Guess, b: Guess): boolean {
  return [a.x - b.x, a.y - b.y, a.distance - b.distance].every((by) => Math.abs(by) < 2 * a.module);
}

/** How many of its corners have a finder pattern. */
function support({ x, y, distance, module }: Guess, finders: readonly Finder[]): number {
  return cornersOf(0, 0, distance).filter(([left, top]) =>
    finders.some((it) => Math.abs(it.x - x - left) < 2 * module && Math.abs(it.y - y - top) < 2 * module),
  ).length;
}

function cornersOf(x: number, y: number, distance: number): [x: number, y: number][] {
  return [
    [x, y],
    [x + distance, y],
    [x, y + distance],
    [x + distance, y + distance],
  ];
}

function redraw(picture: GreyPicture, { x, y, distance, module }: Guess): GreyPicture {
  const offset = (MARGIN + 3.5) * module;
  const side = Math.round(distance + 2 * offset);
  const data = new Uint8Array(side * side).fill(255);
  const last = MARGIN + 7 + Math.round(distance / module);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const [mx, my] = [Math.floor((column + 0.5) / module), Math.floor((row + 0.5) / module)];
      if (Math.min(mx, my) < MARGIN || Math.max(mx, my) >= last) continue;
      const [px, py] = [Math.round(x - offset + column), Math.round(y - offset + row)];
      const isInside = px >= 0 && px < picture.width && py >= 0 && py < picture.height;
      const seen = isInside ? (picture.data[py * picture.width + px] ?? 255) : 255;
      data[row * side + column] = drawn(mx - MARGIN, my - MARGIN, last - MARGIN) ?? seen;
    }
  }
  return { data, width: side, height: side };
}

/** A module of a finder pattern, or of the light line between it and the rest; undefined for all others. */
function drawn(mx: number, my: number, modules: number): number | undefined {
  const corner = [
    [3, 3],
    [modules - 4, 3],
    [3, modules - 4],
  ].find(([x = 0, y = 0]) => Math.max(Math.abs(mx - x), Math.abs(my - y)) <= 4);
  if (!corner) return undefined;
  const [dx, dy] = [mx - (corner[0] ?? 0), my - (corner[1] ?? 0)];
  return Math.max(Math.abs(dx), Math.abs(dy)) < 4 && isDarkInFinder(dx, dy) ? 0 : 255;
}
