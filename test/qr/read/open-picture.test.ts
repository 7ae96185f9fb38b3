import { readFile } from "node:fs/promises";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { holdsThread } from "../../../src/qr/read/open-picture.js";
import { readQrCode } from "../../../src/qr/read/read-qr-code.js";
import { bmp } from "../../support/bmp.js";
import { payloadOf, pictureOf } from "../../support/pictures.js";

const payload = payloadOf("unstable_intent_0");
const picture = await pictureOf(payload);

/** Whoever watches over the decoding has to be there before it begins: nothing can be started meanwhile. */
describe("the thread is held by", () => {
  it.each([
    ["a BMP", async () => bmp(Uint8Array.of(0), 1, { bits: 24 })],
    ["a HEIC photo", () => readFile(new URL("fixtures/code.heic", import.meta.url))],
  ])("%s", async (_, file) => {
    expect(holdsThread(await file())).toBe(true);
  });
});

it.each([
  ["a PNG", picture.clone().png()],
  ["an AVIF, in the same container as HEIC", picture.clone().avif({ effort: 0 })],
])("the thread is left free by %s", async (_, encoded) => {
  expect(holdsThread(await encoded.toBuffer())).toBe(false);
});

it("a TIFF may have channels beside its colours", async () => {
  const red = picture.clone().extractChannel(0).raw();
  const { data, info } = await red.toBuffer({ resolveWithObject: true });
  const raw = { width: info.width, height: info.height, channels: 1 } as const;
  const others = [data, data, Buffer.alloc(data.length), Buffer.alloc(data.length, 100)];
  const tiff = sharp(data, { raw })
    .toColourspace("srgb")
    .joinChannel(others, { raw })
    .tiff({ compression: "lzw" });
  expect(await readQrCode(await tiff.toBuffer())).toEqual(payload);
});
