import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { encodeQrCode } from "../../../src/protocol/qr-code.js";
import { qrPng } from "../../../src/qr/draw/picture.js";
import { readQrCode } from "../../../src/qr/read/read-qr-code.js";
import { expectFailure } from "../../support/failures.js";
import { payloadOf } from "../../support/pictures.js";
import { SeededRandom } from "../../support/random.js";

const payload = payloadOf("unstable_intent_0");
/** Pixels around the code. */
const MARGIN = 32;

interface Look {
  readonly dark: number;
  readonly light: number;
  readonly page: number;
  readonly noise?: number;
  /** SVG elements over the tile, in its pixels. */
  readonly above?: string;
}

/** A screenshot of a page with a code on it that has no margin of its own. */
async function screenshot({ dark, light, page, noise = 0, above = "" }: Look): Promise<Uint8Array> {
  const { data, info } = await sharp(await qrPng(payload, "M"))
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const random = new SeededRandom(3);
  const grey = Uint8Array.from({ length: info.width * info.height }, (_, i) => {
    const value = (data[i * info.channels] ?? 0) < 128 ? dark : light;
    return noise === 0 ? value : value + random.below(2 * noise + 1) - noise;
  });
  const side = info.width - 2 * MARGIN;
  const tile = sharp(grey, { raw: { width: info.width, height: info.height, channels: 1 } })
    .extract({ left: MARGIN, top: MARGIN, width: side, height: side })
    .toColourspace("srgb");
  const input = await tile.png().toBuffer();
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}">${above}</svg>`;
  const background = { r: page, g: page, b: page };
  return sharp({ create: { width: side + 300, height: side + 200, channels: 3, background } })
    .composite([
      { input, left: 150, top: 90 },
      { input: Buffer.from(svg), left: 150, top: 90 },
    ])
    .png()
    .toBuffer();
}

const POINTER = '<path d="M20 26l0 34 8-8 6 13 6-3-6-12 12 0z" fill="#fff" stroke="#000" stroke-width="2"/>';
const ARROW = '<path d="M30 30L160 120M30 30l4 22M30 30l22 4" fill="none" stroke="#e33" stroke-width="9"/>';
const onWhite = { dark: 0, light: 255, page: 255 };

describe("a code is read from a screenshot", () => {
  it.each<[string, Look]>([
    ["on a black page", { dark: 0, light: 255, page: 0 }],
    ["on a dark page", { dark: 20, light: 235, page: 40 }],
    ["on a mid-grey page", { dark: 0, light: 255, page: 128 }],
    ["inverse, on a white page", { dark: 255, light: 0, page: 255 }],
    ["inverse, on a mid-grey page", { dark: 255, light: 0, page: 110 }],
    ["of little contrast", { dark: 245, light: 255, page: 255 }],
    ["of little contrast, on a dark page", { dark: 40, light: 55, page: 30 }],
    ["of little contrast, with noise", { dark: 110, light: 150, page: 255, noise: 25 }],
    ["with a pointer on a finder pattern", { ...onWhite, above: POINTER }],
    ["with an arrow to a finder pattern", { ...onWhite, above: ARROW }],
    ["with a pointer, on a dark page", { dark: 0, light: 255, page: 0, above: POINTER }],
  ])("%s", async (_, look) => {
    expect(await readQrCode(await screenshot(look))).toEqual(payload);
  });
});

/** Codes below each other. */
async function terminal(...codes: Uint8Array[]): Promise<Uint8Array> {
  const layers = codes.map(async (code, i) => ({
    input: Buffer.from(await qrPng(code, "L")),
    left: 20,
    top: 20 + 560 * i,
  }));
  return sharp({ create: { width: 600, height: 40 + 560 * codes.length, channels: 3, background: "#123" } })
    .composite(await Promise.all(layers))
    .png()
    .toBuffer();
}

describe("of a terminal that shows both versions of one sign-in", () => {
  const of2024 = (server: string) =>
    encodeQrCode({
      channel: "msc4108-2024",
      prefix: "MATRIX",
      intent: "new",
      publicKey: new Uint8Array(32).fill(9),
      rendezvousUrl: `https://${server}/session`,
    });

  it("the code of MSC4388 is taken", async () => {
    expect(await readQrCode(await terminal(of2024("rendezvous.matrix.org"), payload))).toEqual(payload);
    expect(await readQrCode(await terminal(payload, of2024("rendezvous.matrix.org")))).toEqual(payload);
  });

  it("none is taken if they are of different servers", async () => {
    const picture = await terminal(of2024("rendezvous.example.net"), payload);
    await expectFailure("several_sign_in_codes", () => readQrCode(picture));
  });
});
