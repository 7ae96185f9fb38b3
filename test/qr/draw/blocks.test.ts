import { describe, expect, it } from "vitest";
import { type DrawOptions, drawQr, type QrDrawing } from "../../../src/qr/draw/blocks.js";
import type { EcLevel } from "../../../src/qr/draw/choices.js";
import { readTwice } from "../../support/decoders.js";
import { payloadOf, scan } from "../../support/pictures.js";
import { SeededRandom } from "../../support/random.js";
import { DARK, LIGHT, paint, SPACED_FONTS, TIGHT_FONTS } from "../../support/terminal-bitmap.js";

const payload = payloadOf("unstable_intent_0");
const BOTH = { jsqr: payload, zxing: payload };
const UNLIMITED: DrawOptions = {
  columns: Number.POSITIVE_INFINITY,
  rows: Number.POSITIVE_INFINITY,
  size: "small",
  ecLevel: "L",
  colour: true,
};

function draw(options: Partial<DrawOptions>, bytes = payload): QrDrawing {
  const drawing = drawQr(bytes, { ...UNLIMITED, ...options });
  if (!drawing) throw new Error("Nothing was drawn.");
  return drawing;
}

describe("a drawn code is read by two readers, in fonts of two sizes,", () => {
  for (const size of ["small", "large"] as const) {
    for (const ecLevel of ["L", "M", "Q", "H"] as const) {
      for (const [theme, colours] of Object.entries({ dark: DARK, light: LIGHT })) {
        it(`${size}, at level ${ecLevel}, in a ${theme} theme, also with gaps between lines`, async () => {
          const { lines, level } = draw({ size, ecLevel });
          expect(level).toBe(ecLevel);
          for (const [name, font] of Object.entries({ ...TIGHT_FONTS, ...SPACED_FONTS })) {
            expect(await readTwice(paint(lines, colours, font)), name).toEqual(BOTH);
          }
        });

        it(`${size}, at level ${ecLevel}, without colours, in a ${theme} theme`, async () => {
          const { lines } = draw({ size, ecLevel, colour: false });
          expect(lines.join("")).not.toContain("\u001b");
          for (const [name, font] of Object.entries(TIGHT_FONTS)) {
            expect(await readTwice(paint(lines, colours, font)), name).toEqual(BOTH);
          }
        });
      }
    }
  }
});

it("a drawn code can be scanned whatever bytes it holds, and however many", () => {
  const random = new SeededRandom(41);
  for (const length of [1, 60, 255, 700]) {
    const bytes = random.bytes(length);
    expect(scan(paint(draw({ ecLevel: "M" }, bytes).lines, DARK))).toEqual(bytes);
  }
});

describe("the size of a drawing", () => {
  it("is 45 by 23 cells for the usual code, so that it fits a terminal of 80 by 24 with a line to spare", () => {
    expect(draw({ columns: 80, rows: 23, size: "auto", ecLevel: "auto" })).toMatchObject({
      width: 45,
      height: 23,
      level: "L",
    });
  });

  it.each([
    [44, 100, undefined],
    [100, 22, undefined],
    [45, 23, "L"],
    [53, 26, "L"],
    [53, 27, "M"],
    [57, 29, "Q"],
    [64, 33, "Q"],
    [65, 33, "H"],
  ])("in %i by %i cells leaves room for level %s", (columns, rows, level) => {
    expect(drawQr(payload, { ...UNLIMITED, columns, rows, ecLevel: "auto" })?.level).toBe(level);
  });

  it.each(["small", "large"] as const)("is what is said of a %s one", (size) => {
    const { lines, width, height } = draw({ size });
    expect(lines).toHaveLength(height);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences take no room
    for (const line of lines) expect(line.replace(/\u001b\[[\d;]*m/g, "")).toHaveLength(width);
  });

  it("is never cut: a level or a size that was asked for and does not fit is not drawn", () => {
    expect(drawQr(payload, { ...UNLIMITED, columns: 80, rows: 24, ecLevel: "Q" })).toBeUndefined();
    expect(drawQr(payload, { ...UNLIMITED, columns: 80, rows: 24, size: "large" })).toBeUndefined();
  });
});

it("nothing is drawn when no drawing is wanted", () => {
  expect(drawQr(payload, { ...UNLIMITED, size: "none" })).toBeUndefined();
});

it.each<[EcLevel, number]>([
  ["auto", 2954],
  ["H", 1274],
])("nothing is drawn at level %s of %i bytes, which no code holds", (ecLevel, length) => {
  expect(drawQr(new Uint8Array(length), { ...UNLIMITED, ecLevel })).toBeUndefined();
});
