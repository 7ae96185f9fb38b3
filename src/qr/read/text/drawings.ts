import type { GreyPicture } from "../grey-picture.js";
import { toBmp } from "./bitmap.js";
import { type Cell, cellsOf, DOTS } from "./cells.js";
import { readingsOf } from "./readings.js";
import { asTerminalsSaw } from "./terminal-text.js";

/** A drawing's lines have at least so many cells that are drawn: fewer than half of the smallest code's side. */
const MIN_CELLS = 8;
/** Lines of half cells for the smallest code without a margin (ISO/IEC 18004 §6.3.1: 21 modules). */
const MIN_LINES = 11;
/** Two cells a module, the largest code, and a margin. */
const MAX_CELLS = 400;
/** Drawings of one text that are looked at, from the last one back. */
const MAX_DRAWINGS = 4;
const MAX_READINGS = 4;
/** Pixels of a dot's side, and of the margin around all. */
const SCALE = 3;
const MARGIN = 24;
const [LIGHT, DARK] = [255, 0];

type Line = readonly Cell[];

/** A code drawn with characters, as pictures of what it may be, each to be made when those before it weren't read. */
export type Drawing = readonly (() => Uint8Array)[];

/** Finds codes that are drawn with blocks or colours, as terminals and logs have them; in the order of the text. */
export function drawingsIn(text: string): readonly Drawing[] {
  // Escapes that aren't taken back leave the blocks, and hide the colours.
  const [most = []] = readingsOf(text)
    .slice(0, MAX_READINGS)
    .map((reading) => groupsOf(cellsOf(asTerminalsSaw(reading))))
    .toSorted((a, b) => drawnIn(b) - drawnIn(a));
  return most.slice(-MAX_DRAWINGS).map(picturesOf);
}

function drawnIn(groups: readonly Line[][]): number {
  return groups.flat(2).filter(({ isDrawn }) => isDrawn).length;
}

/** Lines that belong together: between them are only empty ones, or what a log has after each. */
function groupsOf(lines: readonly Line[]): Line[][] {
  const groups: Line[][] = [[]];
  let others = 0;
  for (const line of lines) {
    if (line.filter(({ isDrawn }) => isDrawn).length >= MIN_CELLS) {
      if (others > 1) groups.push([]);
      groups.at(-1)?.push(line);
      others = 0;
    } else if (line.some(({ isBlank }) => !isBlank)) others++;
  }
  return groups
    .filter(({ length }) => length >= MIN_LINES)
    .flatMap(ofEqualWidth)
    .flatMap(ofEqualHeight);
}

/** From where to where a line is drawn. */
function extentOf(line: Line): [start: number, end: number] {
  return [line.findIndex(({ isDrawn }) => isDrawn), line.findLastIndex(({ isDrawn }) => isDrawn) + 1];
}

function widthOf(line: Line): number {
  const [start, end] = extentOf(line);
  return end - start;
}

/** Drawings below each other whose lines a light margin makes equally wide; those of a dark code end anywhere. */
function ofEqualWidth(group: Line[]): Line[][] {
  const runs: Line[][] = [];
  for (const line of group) {
    const run = runs.at(-1);
    if (run?.[0] && widthOf(run[0]) === widthOf(line)) run.push(line);
    else runs.push([line]);
  }
  return runs.every(({ length }) => length >= MIN_LINES) ? runs : [group];
}

/** Drawings below each other of the same size: half as many lines as there are cells, or a quarter. */
function ofEqualHeight(group: Line[]): Line[][] {
  const widths = new Set(group.map(widthOf));
  const [height = 0] = [...widths].map((width) => Math.ceil(width / 2));
  const count = group.length / height;
  if (widths.size > 1 || count < 2 || !Number.isInteger(count)) return [group];
  return Array.from({ length: count }, (_, i) => group.slice(i * height, (i + 1) * height));
}

function picturesOf(group: readonly Line[]): Drawing {
  const extents = group.map(extentOf);
  const start = Math.min(...extents.map(([start]) => start));
  const asItStands = group.map((line) => line.slice(start));
  const aligned = () => group.map((line, y) => line.slice(extents[y]?.[0]));
  const isUneven = extents.some(([other]) => other !== start);
  const isColoured = asItStands.some((line) => line.some(({ background }) => background !== undefined));
  return [
    () => toBmp(paint(asItStands, LIGHT, DARK)),
    // What is in front of the lines isn't always equally wide.
    ...(isUneven ? [() => toBmp(paint(aligned(), LIGHT, DARK))] : []),
    () => toBmp(paint(asItStands, LIGHT, LIGHT)),
    // Colours may be set for one kind of modules only, on a light ground.
    ...(isColoured ? [() => toBmp(paint(asItStands, DARK, LIGHT))] : []),
  ];
}

/** @param foreground the terminal's own; its background is the opposite */
function paint(lines: readonly Line[], foreground: number, margin: number): GreyPicture {
  const columns = Math.min(MAX_CELLS, Math.max(...lines.map((line) => extentOf(line)[1])));
  const rows = lines.slice(0, MAX_CELLS);
  const width = columns * DOTS.across * SCALE + 2 * MARGIN;
  const height = rows.length * DOTS.down * SCALE + 2 * MARGIN;
  const background = LIGHT - foreground;
  const data = new Uint8Array(width * height).fill(margin);
  for (let y = MARGIN; y < height - MARGIN; y++) {
    data.fill(background, y * width + MARGIN, (y + 1) * width - MARGIN);
  }
  rows.forEach((line, y) => {
    const top = MARGIN + y * DOTS.down * SCALE;
    line.slice(0, columns).forEach((cell, x) => {
      const left = MARGIN + x * DOTS.across * SCALE;
      for (let row = 0; row < DOTS.down * SCALE; row++) {
        for (let column = 0; column < DOTS.across * SCALE; column++) {
          const bit = Math.floor(row / SCALE) * DOTS.across + Math.floor(column / SCALE);
          const value =
            (cell.dots >> bit) & 1 ? (cell.foreground ?? foreground) : (cell.background ?? background);
          data[(top + row) * width + left + column] = value;
        }
      }
    });
  });
  return { data, width, height };
}
