import { afterEach, expect, it, vi } from "vitest";
import { page } from "../docs/pages.js";
import { bench } from "./main.js";
import { filled, marksOf } from "./page.js";
import { ROWS } from "./rows.js";
import { figuresOf } from "./statistics.js";
import { markdownTable, textTable } from "./table.js";

const PERFORMANCE = page("docs/performance.md").text;
const NAMES = ROWS.map(({ name }) => name);

afterEach(() => {
  vi.restoreAllMocks();
});

it("docs/performance.md has a table for each row that the bench knows", () => {
  expect([...marksOf(PERFORMANCE)].sort()).toEqual(["run", ...NAMES].sort());
  const text = filled(PERFORMANCE, new Map(["run", ...NAMES].map((name) => [name, `table of ${name}`])));
  expect(NAMES.filter((name) => !text.includes(`\n\ntable of ${name}\n\n`))).toEqual([]);
  expect(filled(text, new Map(["run", ...NAMES].map((name) => [name, `table of ${name}`])))).toBe(text);
});

it("a page isn't written without one of its tables", () => {
  expect(() => filled(PERFORMANCE, new Map())).toThrow("Nothing was measured");
});

it("the rows of the bench can be listed", async () => {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  expect(await bench(["--list"])).toBe(0);
  const listed = String(write.mock.calls[0]?.[0]).split("\n");
  expect(listed.slice(0, -1).map((line) => line.split(" ", 1)[0])).toEqual(NAMES);
});

it.each([
  ["a row that there isn't", ["no-such-row"]],
  ["an option that there isn't", ["--row", "start-up"]],
  ["a page of some rows", ["start-up", "--write"]],
  ["no repetitions", ["start-up", "--times", "0"]],
])("%s is refused before anything is measured", async (_, args) => {
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  expect(await bench(args)).toBe(2);
  expect(write).toHaveBeenCalledOnce();
});

it("a table says what was measured, beside what, and whether the target is met", () => {
  const line = {
    what: "`--help`",
    unit: "ms",
    own: figuresOf([80]),
    beside: { name: "`node -e 0`", figures: figuresOf([40]) },
    target: { says: "≤ 50 ms more; 40", met: true },
  } as const;
  const leftOut = { what: "a peer", because: "not built here" };
  expect(markdownTable([line, leftOut]).split("\n").slice(2)).toEqual([
    "| `--help` | 80 ms | `node -e 0`: 40 ms | 2 | ≤ 50 ms more; 40: met |",
    "| a peer | left out: not built here |  |  |  |",
  ]);
  expect(textTable([line])).toContain(
    "--help  80 ms            node -e 0: 40 ms  2      ≤ 50 ms more; 40: met\n",
  );
});
