import fc from "fast-check";
import stringWidth from "fast-string-width";
import { describe, expect, it } from "vitest";
import { type CodeOnShow, fitCode } from "../../src/ui/qr-layout.js";
import { NO_KEYS, scanLine } from "../../src/ui/qr-steps.js";
import { EXAMPLES } from "./event-examples.js";

const AUTO = { size: "auto", ecLevel: "auto" } as const;
/** A spinner and a clock, as wide as they get, and the column that stays empty. */
const BEFORE_TEXT = "⠋ 10:00 ".length + 1;

/** Always the same ones: thousands of others were looked at when this was written. */
const RUNS = { seed: 16, numRuns: 60 };

/** A window of a size with a code in it, and the live line below. */
function windowOf(code: CodeOnShow, columns: number, height: number) {
  const canvas = { columns, rows: height - 1, colour: true };
  const { block, layout } = fitCode(code, AUTO, canvas, false);
  const keys = ["bare", "instead"].includes(layout.form) ? code.keys : NO_KEYS;
  const live = scanLine(code.event, block.drawing !== undefined, keys, columns - BEFORE_TEXT);
  const words = layout.lines.map((line, index) => line.replace(block.drawing?.lines[index] ?? "", ""));
  return { ...layout, drawing: block.drawing, live, said: [...words, live].join("\n") };
}

const codes = fc.record({
  event: fc.record({
    intent: fc.constantFrom("new" as const, "existing" as const),
    bytes: fc.constantFrom(75, 123, 160),
    file: fc.constantFrom(undefined, "/tmp/matrix-qr-login-AbCdEf/code.png"),
  }),
  isNew: fc.boolean(),
  keys: fc.record({ other: fc.boolean(), picture: fc.boolean() }),
});
const sizes = fc.tuple(fc.integer({ min: 30, max: 130 }), fc.integer({ min: 12, max: 50 }));

function codeOf({ event, ...rest }: typeof codes extends fc.Arbitrary<infer T> ? T : never): CodeOnShow {
  const { intent, bytes, file } = event;
  const payload = Buffer.alloc(bytes, 0xa5).toString("base64");
  return { event: { ...EXAMPLES.qr, intent, payload, ...(file && { file }) }, ...rest };
}

it("is shown in a window of any size whole or not at all, with a line at least that says what to do, and its keys", () => {
  const property = fc.property(codes, sizes, (described, [columns, rows]) => {
    const code = codeOf(described);
    const { lines, drawing, live, said } = windowOf(code, columns, rows);
    if (drawing) {
      for (const [index, line] of drawing.lines.entries()) expect(lines[index]).toContain(line);
      for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
      expect(lines.length).toBeLessThan(rows);
    } else expect(lines.join("\n")).not.toMatch(/[▀▄█]/);
    expect(live).toMatch(drawing ? /^Scan / : /^Waiting/);
    expect(live.length).toBeLessThanOrEqual(columns - BEFORE_TEXT);
    const names = (key: string) => new RegExp(`Press\\s+${key}\\b|\\b${key}:\\s|keys: [co, ]*${key}\\b`);
    expect(names("c").test(said)).toBe(code.keys.other);
    expect(names("o").test(said)).toBe(code.keys.picture);
  });
  fc.assert(property, RUNS);
});

describe("what to do with a code", () => {
  const code: CodeOnShow = { event: EXAMPLES.qr, isNew: false, keys: { other: true, picture: true } };
  const formAt = (columns: number, rows: number) => windowOf(code, columns, rows).form;

  it.each([
    [80, 24, "beside"],
    [75, 24, "beside"],
    [75, 35, "below"],
    [70, 24, "brief_beside"],
    [60, 24, "brief_beside"],
    [50, 24, "bare"],
    [50, 27, "brief_below"],
    [40, 24, "instead"],
  ] as const)(
    "is said at %i columns and %i rows in the form that there is room for: %s",
    (columns, rows, form) => {
      expect(formAt(columns, rows)).toBe(form);
    },
  );

  it("is said in a few words of ten columns", () => {
    const { lines, drawing } = windowOf({ ...code, isNew: true }, 59, 24);
    const beside = lines.map((line, index) => line.slice((drawing?.lines[index] ?? "").length).trim());
    expect(beside.filter((line) => line !== "").join(" ")).toBe(
      "New code: 1. There: link a new device 2. Scan the code 3. Type its digits here 4. Approve there " +
        "c: another code o: as a picture",
    );
  });

  it.each([
    [66, "Scan this with a device that is signed in · c: other · o: picture"],
    [52, "Scan with a signed-in device · c: other · o: picture"],
    [37, "Scan this · c: other · o: picture"],
    [20, "Scan this · keys: c, o"],
  ])("comes down to one line in %i columns", (columns, line) => {
    expect(scanLine(EXAMPLES.qr, true, code.keys, columns)).toBe(line);
  });
});
