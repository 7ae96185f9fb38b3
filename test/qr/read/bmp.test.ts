import { describe, expect, it } from "vitest";
import { readBmp } from "../../../src/qr/read/bmp.js";
import { readQrCode } from "../../../src/qr/read/read-qr-code.js";
import { type BmpForm, bmp } from "../../support/bmp.js";
import { expectFailure } from "../../support/failures.js";
import { payloadOf, pictureOf } from "../../support/pictures.js";

const WIDTH = 13;
/** Black and white in an order that no turn of the picture has; the width fills no row of bytes. */
const DRAWING = Uint8Array.from({ length: WIDTH * 7 }, (_, i) => ((i * i) % 11 < 4 ? 0 : 255));

const FORMS: readonly [string, BmpForm][] = [
  ["of two colours", { bits: 1 }],
  ["of 16 colours", { bits: 4 }],
  ["of 256 colours", { bits: 8 }],
  ["of 256 colours, from the top down", { bits: 8, topDown: true }],
  ["of 15 bits", { bits: 16 }],
  ["of 16 bits, by masks", { bits: 16, masks: [0xf800, 0x07e0, 0x001f] }],
  ["of 24 bits", { bits: 24 }],
  ["of 24 bits, from the top down", { bits: 24, topDown: true }],
  ["of 32 bits", { bits: 32 }],
  [
    "of 32 bits, by masks, with the largest header",
    { bits: 32, masks: [0xff, 0xff00, 0xff0000], headerSize: 124 },
  ],
];

describe("a BMP", () => {
  it.each(FORMS)("%s is read to the pixel", (_, form) => {
    const { data, width, height } = readBmp(bmp(DRAWING, WIDTH, form));
    expect({ width, height }).toEqual({ width: WIDTH, height: 7 });
    expect(data).toEqual(Uint8Array.from([...DRAWING].flatMap((grey) => [grey, grey, grey])));
  });

  it.each([
    ["of 32 bits", { bits: 32 } as BmpForm, 0x123456, [0x12, 0x34, 0x56]],
    ["of 15 bits", { bits: 16 } as BmpForm, 0b00001_00010_11111, [8, 16, 255]],
  ])("%s has its colours in their places", (_, form, pixel, colour) => {
    const file = bmp(Uint8Array.of(0), 1, form);
    file.writeUInt32LE(pixel, 54);
    expect([...readBmp(file).data]).toEqual(colour);
  });

  it("with a code in it gives the code", async () => {
    const payload = payloadOf("unstable_intent_0");
    const { data, info } = await (await pictureOf(payload))
      .toColourspace("b-w")
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(await readQrCode(bmp(data, info.width, { bits: 24 }))).toEqual(payload);
  });
});

describe("a BMP is refused", () => {
  const changed = (change: (file: Buffer) => void) => {
    const file = bmp(DRAWING, WIDTH, { bits: 8 });
    change(file);
    return file;
  };

  it.each<[string, (file: Buffer) => void]>([
    ["compressed", (file) => file.writeUInt32LE(1, 30)],
    ["of 64 bits a pixel", (file) => file.writeUInt16LE(64, 28)],
    [
      "of OS/2's old header, which has sizes of two bytes",
      (file) => {
        file.writeUInt32LE(12, 14);
        for (const [i, value] of [300, 300, 1, 24].entries()) file.writeUInt16LE(value, 18 + 2 * i);
      },
    ],
    ["without width", (file) => file.writeInt32LE(0, 18)],
    ["with its pixels far behind the end of the file", (file) => file.writeUInt32LE(0xffffffff, 10)],
  ])("that is %s", async (_, change) => {
    await expectFailure("picture_unreadable", () => readBmp(changed(change)));
  });

  it("that is cut off anywhere", async () => {
    const whole = changed(() => undefined);
    for (let length = 2; length < whole.length; length += 7) {
      await expectFailure("picture_unreadable", () => readBmp(whole.subarray(0, length)));
    }
  });

  it("that says it is large, before room is made for it", async () => {
    const large = (width: number, height: number) =>
      changed((file) => {
        file.writeInt32LE(width, 18);
        file.writeInt32LE(height, 22);
      });
    await expectFailure("picture_too_large", () => readBmp(large(20_000, 20_000)));
    await expectFailure("picture_too_large", () => readBmp(large(0x7fffffff, -0x80000000)));
    await expectFailure("picture_unreadable", () => readBmp(large(10_000, 10_000)));
  });
});
