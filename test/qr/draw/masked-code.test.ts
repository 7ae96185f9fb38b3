import { describe, expect, it } from "vitest";
import { MaskedCode, penalty, squareOf } from "../../../src/qr/draw/masked-code.js";

/** A picture of a code, # for dark. */
function pointsOf(rows: readonly string[]): number {
  return penalty(squareOf(rows.map((row) => [...row].map((module) => module === "#"))));
}

/** Nothing is held against a chessboard; each test changes some of its middle row. */
function chessboardWith(row: string): readonly string[] {
  const side = row.length;
  const line = (y: number) => Array.from({ length: side }, (_, x) => ((x + y) % 2 ? "#" : ".")).join("");
  return Array.from({ length: side }, (_, y) => (y === (side - 1) / 2 ? row : line(y)));
}

/** The same with its rows as columns. */
function onItsSide(rows: readonly string[]): readonly string[] {
  return rows.map((_, x) => rows.map((row) => row[x]).join(""));
}

describe("what is held against a mask (ISO/IEC 18004 §7.8.3.1)", () => {
  it("is nothing in a chessboard", () => {
    expect(pointsOf(chessboardWith(".#.#.#.#.#.#."))).toBe(0);
  });

  it.each([
    { row: ".####.#.#.#.#", points: 0 },
    { row: ".#####.#.#.#.", points: 3 },
    { row: ".######.#.#.#", points: 4 },
    { row: "..........#.#", points: 8 },
  ])("is a run of five and more, in a row or a column: $row", ({ row, points }) => {
    expect(pointsOf(chessboardWith(row))).toBe(points);
    expect(pointsOf(onItsSide(chessboardWith(row)))).toBe(points);
  });

  it.each([
    { row: "#.#.###.#....#.", points: 40, where: "before a light area" },
    { row: ".#....#.###.#", points: 80, where: "between a light area and the margin" },
    { row: "#.###.#.#.#.#", points: 40, where: "after the margin" },
    { row: "#.#.#.#.###.#", points: 40, where: "before the margin" },
    { row: "#.#.###.#.#.#", points: 0, where: "beside none" },
  ])("is what looks like a finder pattern, $where", ({ row, points }) => {
    expect(pointsOf(chessboardWith(row))).toBe(points);
    expect(pointsOf(onItsSide(chessboardWith(row)))).toBe(points);
  });

  it("is each block of two by two, and that most is dark", () => {
    expect(pointsOf(["###", "###", "###"])).toBe(4 * 3 + 10 * 10);
  });

  it("is counted to the last module of the largest code", () => {
    const side = 177;
    const dark = Array<string>(side).fill("#".repeat(side));
    expect(pointsOf(dark)).toBe(2 * side * (3 + side - 5) + (side - 1) ** 2 * 3 + 10 * 10);
  });

  it.each([
    [".##.", "##..", "..##", ".##."],
    ["##..", ".##.", "##..", "..##"],
  ])("is no step of a stair: %s, %s, %s, %s", (...rows) => {
    expect(pointsOf(rows)).toBe(0);
  });
});

it("takes the mask that has least against it", () => {
  const code = (data: string) => {
    const made = new MaskedCode(-1, 0);
    made.addData(data);
    made.make();
    return made;
  };
  const chosen = new Set<number>();
  for (let seed = 0; seed < 20; seed++) {
    const made = code(`MATRIX ${seed}`);
    const best = made.getBestMaskPattern();
    const points = [0, 1, 2, 3, 4, 5, 6, 7].map((mask) => {
      made.makeImpl(true, mask);
      return penalty(squareOf(made.modules));
    });
    expect(points[best]).toBe(Math.min(...points));
    chosen.add(best);
  }
  expect(chosen.size).toBeGreaterThan(1);
});
