import { readFile } from "node:fs/promises";
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { qrPng, qrSvg } from "../../../src/qr/draw/picture.js";
import { readQrCode } from "../../../src/qr/read/read-qr-code.js";
import { expectFailure } from "../../support/failures.js";
import { payloadOf, pictureOf } from "../../support/pictures.js";

const payload = payloadOf("unstable_intent_0");
const otherSignIn = payloadOf("stable_intent_1");
const webLink = Buffer.from("https://matrix.to/#/@alice:example.org");

/** Codes side by side on one picture. */
async function sideBySide(...payloads: Uint8Array[]): Promise<Uint8Array> {
  const pictures = await Promise.all(payloads.map((bytes) => qrPng(bytes, "M")));
  const layers = pictures.map((png, i) => ({ input: Buffer.from(png), left: 40 + 620 * i, top: 40 }));
  return sharp({ create: { width: 40 + 620 * layers.length, height: 660, channels: 3, background: "#fff" } })
    .composite(layers)
    .png()
    .toBuffer();
}

/** The code as the one opaque colour of a picture that is transparent elsewhere. */
function onTransparent(colour: string): Uint8Array {
  const svg = qrSvg(payload)
    .replace(/<path fill="#fff"[^>]*>/, "")
    .replace('fill="#000"', `fill="${colour}"`);
  return Buffer.from(svg);
}

describe("a code is read from", () => {
  it.each<[string, (picture: Sharp) => Sharp]>([
    ["PNG", (picture) => picture.png()],
    ["PNG of two colours", (picture) => picture.png({ palette: true, colours: 2 })],
    ["PNG of 16 bits", (picture) => picture.toColourspace("rgb16").png()],
    ["grey PNG", (picture) => picture.toColourspace("b-w").png()],
    ["JPEG", (picture) => picture.jpeg()],
    ["progressive JPEG", (picture) => picture.jpeg({ progressive: true, quality: 40 })],
    ["CMYK JPEG", (picture) => picture.toColourspace("cmyk").jpeg()],
    ["WebP", (picture) => picture.webp()],
    ["lossless WebP", (picture) => picture.webp({ lossless: true })],
    ["GIF", (picture) => picture.gif()],
    ["TIFF", (picture) => picture.tiff({ compression: "lzw" })],
    ["AVIF", (picture) => picture.avif({ effort: 0 })],
  ])("a %s", async (_, encode) => {
    expect(await readQrCode(await encode(await pictureOf(payload)).toBuffer())).toEqual(payload);
  });

  it.each([
    ["heic", "mif1"],
    ["mif1", "heic"],
  ])("a HEIC photo, of the brands %s and %s", async (...brands) => {
    const photo = await readFile(new URL("fixtures/code.heic", import.meta.url));
    // The major brand, its version, and the first of the compatible ones.
    brands.forEach((brand, i) => {
      photo.write(brand, 8 + 8 * i);
    });
    expect(await readQrCode(photo)).toEqual(payload);
  });

  it("an AVIF whose major brand is that of all such containers", async () => {
    const photo = await (await pictureOf(payload)).avif({ effort: 0 }).toBuffer();
    photo.write("mif1", 8);
    photo.write("avif", 16);
    expect(await readQrCode(photo)).toEqual(payload);
  });

  it.each([
    ["of its natural size", qrSvg(payload)],
    ["of one pixel a module", qrSvg(payload).replace(/ width="\d+" height="\d+"/, ' width="61" height="61"')],
    [
      "of 30000 pixels a side",
      qrSvg(payload).replace(/ width="\d+" height="\d+"/, ' width="30000" height="30000"'),
    ],
    ["without a size", qrSvg(payload).replace(/ width="\d+" height="\d+"/, "")],
  ])("an SVG %s", async (_, svg) => {
    expect(await readQrCode(Buffer.from(svg))).toEqual(payload);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "a photo that its EXIF orientation %i says how to turn",
    async (orientation) => {
      // A lopsided picture, so that a wrong turn of its sides is noticed too.
      const photo = (await pictureOf(payload)).extend({ right: 500, background: "#888" });
      const jpeg = await photo.jpeg().withMetadata({ orientation }).toBuffer();
      expect((await sharp(jpeg).metadata()).orientation).toBe(orientation);
      expect(await readQrCode(jpeg)).toEqual(payload);
    },
  );

  it.each([15, 45, 90, 180, 200])("a picture turned by %i degrees", async (angle) => {
    const picture = (await pictureOf(payload)).rotate(angle, { background: "#ccc" });
    expect(await readQrCode(await picture.png().toBuffer())).toEqual(payload);
  });

  it("an inverted picture", async () => {
    expect(await readQrCode(await (await pictureOf(payload)).negate().png().toBuffer())).toEqual(payload);
  });

  it.each(["#000", "#fff"])("a code of the colour %s on a transparent ground", async (colour) => {
    const svg = onTransparent(colour);
    expect(await readQrCode(svg)).toEqual(payload);
    for (const picture of [sharp(svg).png(), sharp(svg).webp({ lossless: true }), sharp(svg).gif()]) {
      expect(await readQrCode(await picture.toBuffer())).toEqual(payload);
    }
  });

  it("a code without a margin, at one pixel a module", async () => {
    const { data, info } = await (await pictureOf(payload)).raw().toBuffer({ resolveWithObject: true });
    const tiny = sharp(data, { raw: info }).extract({ left: 32, top: 32, width: 424, height: 424 });
    const picture = await tiny.resize(53, 53, { kernel: "nearest" }).png().toBuffer();
    expect(await readQrCode(picture)).toEqual(payload);
  });

  it("a large photo with the code in a corner", async () => {
    const photo = await sharp({ create: { width: 4000, height: 3000, channels: 3, background: "#bbb" } })
      .composite([{ input: Buffer.from(await qrPng(payload)), left: 3200, top: 2200 }])
      .jpeg()
      .toBuffer();
    expect(await readQrCode(photo)).toEqual(payload);
  });
});

describe("among several codes", () => {
  it.each([
    ["first", [payload, webLink]],
    ["second", [webLink, payload]],
    ["third", [webLink, webLink, payload]],
  ])("the one for signing in is taken when it stands %s", async (_, payloads) => {
    expect(await readQrCode(await sideBySide(...payloads))).toEqual(payload);
  });

  it("two for signing in are refused, since nobody can tell which one is meant", async () => {
    const picture = await sideBySide(payload, otherSignIn);
    await expectFailure("several_sign_in_codes", () => readQrCode(picture));
  });

  it("two for signing in are refused, too, where one is tiny beside the other", async () => {
    const layers = [
      { input: Buffer.from(await qrPng(payload)), left: 300, top: 300 },
      {
        input: await sharp(await qrPng(otherSignIn, "L"))
          .resize(49 * 2, null, { kernel: "nearest" })
          .png()
          .toBuffer(),
        left: 3000,
        top: 1500,
      },
    ];
    const screen = sharp({ create: { width: 3840, height: 2160, channels: 3, background: "#fff" } });
    const picture = await screen.composite(layers).png().toBuffer();
    await expectFailure("several_sign_in_codes", () => readQrCode(picture));
  });

  it("the same one twice is one", async () => {
    expect(await readQrCode(await sideBySide(payload, payload))).toEqual(payload);
  });

  it("another kind of code is given where there is no better one, for its reader to name it", async () => {
    expect(await readQrCode(await qrPng(webLink))).toEqual(new Uint8Array(webLink));
  });
});
