import { describe, expect, it } from "vitest";
import { largeText } from "../../src/ui/large-text.js";
import { linkBlock } from "../../src/ui/qr-block.js";
import { EXAMPLES } from "./event-examples.js";

const LINK = EXAMPLES.verification;
const AUTO = { size: "auto", ecLevel: "auto" } as const;
const WIDE = largeText("ABC-DEF", 80) ?? [];
const NARROW = largeText("ABC-DEF", 30) ?? [];

/** What is drawn of the example's link in a window of that size. */
function drawn(columns: number, rows: number, options: Parameters<typeof linkBlock>[1] = AUTO): string {
  return linkBlock(LINK, options, { columns, rows, colour: false }).drawing.join("\n");
}

describe("the user code of a sign-in without another device", () => {
  it("is large beside the QR code, in one row or in two, and leaves the code its lines", () => {
    for (const [columns, code] of [
      [100, WIDE],
      [80, NARROW],
    ] as const) {
      const lines = drawn(columns, 23).split("\n");
      const beside = lines.filter((line) => code.some((row) => row !== "" && line.endsWith(`   ${row}`)));
      expect(beside).toHaveLength(code.filter(Boolean).length);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
      expect(lines.length).toBeLessThanOrEqual(23);
    }
  });

  it("is below it in a narrow window, unless the code would be pushed out of that", () => {
    expect(drawn(42, 40).endsWith(WIDE.join("\n"))).toBe(true);
    expect(drawn(42, 20)).not.toContain(WIDE[0]);
  });

  it("is there without a QR code, too", () => {
    expect(drawn(80, 23, { ...AUTO, size: "none" })).toBe("");
    expect(drawn(80, 10)).toBe(WIDE.join("\n"));
  });
});
