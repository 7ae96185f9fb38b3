import type { GreyPicture } from "./grey-picture.js";

/** A finder pattern (ISO/IEC 18004 §6.3.3) of an upright code: its middle, and a module's side, in pixels. */
export interface Finder {
  readonly x: number;
  readonly y: number;
  readonly module: number;
}

/** Pictures with more than these are full of something else. */
const MAX_FINDERS = 12;
/** Of the 49 modules that are looked at, as many may be hidden. */
const MAX_WRONG = 6;

/** The pattern's modules on one side of its middle and on both: dark core, light ring, dark ring. */
export function isDarkInFinder(dx: number, dy: number): boolean {
  return Math.max(Math.abs(dx), Math.abs(dy)) !== 2;
}

/**
 * Finds finder patterns by their inner part alone, light ring and core: what is around the outer ring may be as dark as
 * that is.
 *
 * @param picture black and white: 0 is dark, all else light
 */
export function findFinders(picture: GreyPicture): Finder[] {
  const { data, width, height } = picture;
  const found: Finder[] = [];
  for (let y = 0; y < height; y++) {
    // The ends of the last runs, the latest first.
    let ends = [0, 0, 0, 0];
    for (let x = 1; x <= width; x++) {
      const isEnd = x === width || (data[y * width + x] === 0) !== (data[y * width + x - 1] === 0);
      if (!isEnd) continue;
      const [coreEnd = 0, lightEnd = 0, ringEnd = 0] = ends;
      // The run that ends here is the second light one.
      if (data[y * width + x - 1] !== 0 && ringEnd > 0) {
        const finder = across(picture, y, [lightEnd - ringEnd, coreEnd - lightEnd, x - coreEnd], lightEnd);
        if (finder && !found.some((other) => isNear(other, finder)) && isFinder(picture, finder)) {
          found.push(finder);
          if (found.length === MAX_FINDERS) return found;
        }
      }
      ends = [x, ...ends.slice(0, 3)];
    }
  }
  return found;
}

type Runs = readonly [light: number, core: number, light: number];

function across(picture: GreyPicture, y: number, runs: Runs, coreStart: number): Finder | undefined {
  const module = moduleOf(runs);
  if (!module) return undefined;
  const x = coreStart + runs[1] / 2;
  const column = Math.floor(x);
  const run = (from: number, step: number, isDark: boolean) => {
    let length = 0;
    for (let at = from; at >= 0 && at < picture.height && length <= 8 * module; at += step) {
      if ((picture.data[at * picture.width + column] === 0) !== isDark) break;
      length++;
    }
    return length;
  };
  const up = run(y, -1, true);
  const down = run(y + 1, 1, true);
  const vertical = moduleOf([run(y - up, -1, false), up + down, run(y + 1 + down, 1, false)]);
  if (!vertical || Math.abs(vertical - module) > 0.3 * module + 0.5) return undefined;
  return { x, y: y + 1 + (down - up) / 2, module: (module + vertical) / 2 };
}

/** A module's side, where three runs are as 1 : 3 : 1. */
function moduleOf([before, core, after]: Runs): number | undefined {
  const module = (before + core + after) / 5;
  const tolerance = 0.4 * module + 0.5;
  const fits =
    Math.abs(before - module) <= tolerance &&
    Math.abs(after - module) <= tolerance &&
    Math.abs(core - 3 * module) <= tolerance;
  return fits && module >= 1 ? module : undefined;
}

function isFinder({ data, width, height }: GreyPicture, { x, y, module }: Finder): boolean {
  let wrong = 0;
  for (let dy = -3; dy <= 3; dy++) {
    for (let dx = -3; dx <= 3; dx++) {
      const [column, row] = [Math.floor(x + dx * module), Math.floor(y + dy * module)];
      const isInside = column >= 0 && column < width && row >= 0 && row < height;
      if (!isInside || (data[row * width + column] === 0) !== isDarkInFinder(dx, dy)) wrong++;
    }
  }
  return wrong <= MAX_WRONG;
}

function isNear(a: Finder, b: Finder): boolean {
  return Math.abs(a.x - b.x) < 3 * a.module && Math.abs(a.y - b.y) < 3 * a.module;
}
