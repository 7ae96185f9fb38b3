import sharp, { type Sharp } from "sharp";
import { drawQr } from "../../src/qr/draw/blocks.js";
import { qrPng } from "../../src/qr/draw/picture.js";
import { SeededRandom } from "./random.js";
import { DARK, type Font, LIGHT, paint, SPACED_FONTS, type Theme } from "./terminal-bitmap.js";

/** Pixels a module of the codes that the pictures are made of. */
const MODULE = 8;

type Picture = (payload: Uint8Array) => Promise<Uint8Array>;

/** Pictures as people have them, by what makes them difficult. */
export const DIFFICULT_PICTURES: readonly (readonly [name: string, make: Picture])[] = [
  ...Object.entries(SPACED_FONTS).flatMap(([name, font]) =>
    Object.entries({ dark: DARK, light: LIGHT }).map(
      ([theme, colours]) =>
        [
          `a screenshot of a ${theme} terminal, ${name}`,
          (payload: Uint8Array) => screenshot(payload, colours, font),
        ] as const,
    ),
  ),
  ["a window with gaps, amid others, sent in a chat", windowAmidOthers],
  ["a photo of a terminal with gaps, a little turned", photoOfGaps],
  [
    "a heavily blurred photo",
    async (payload) =>
      (await photo(payload))
        .blur(0.5 * MODULE)
        .jpeg()
        .toBuffer(),
  ],
  ["a photo that is turned", async (payload) => (await photo(payload, 33)).jpeg().toBuffer()],
  ["a photo that is skewed", async (payload) => (await skewed(await photo(payload))).jpeg().toBuffer()],
  ["a photo with a shadow", (payload) => lit(payload, (x, y) => (x + 0.4 * y > 0.7 ? 0.35 : 1))],
  [
    "a photo with glare",
    (payload) => lit(payload, (x, y) => 0.5 + 3 * Math.exp(-60 * ((x - 0.48) ** 2 + (y - 0.52) ** 2))),
  ],
  [
    "a photo of a monitor, with moiré",
    (payload) => lit(payload, (x, y) => 0.7 + 0.3 * Math.sin(1100 * x + 500 * y)),
  ],
  ["a noisy photo in the dark", (payload) => lit(payload, () => 0.12, 9)],
  [
    "a thumbnail",
    async (payload) =>
      (await codeOf(payload))
        .resize(Math.round(61 * 2.7))
        .jpeg()
        .toBuffer(),
  ],
  [
    "a badly compressed picture",
    async (payload) => (await photo(payload)).resize(420).jpeg({ quality: 20 }).toBuffer(),
  ],
  ["a code with a logo on it", withLogo],
  ["a code in two colours", inColours],
];

async function codeOf(payload: Uint8Array, level: "L" | "H" = "L"): Promise<Sharp> {
  return sharp(await qrPng(payload, level)).toColourspace("srgb");
}

function screenshot(payload: Uint8Array, theme: Theme, font: Font): Promise<Uint8Array> {
  return terminal(payload, theme, font).png().toBuffer();
}

/** What other programs draw: without colours, so that gaps between lines go through the whole code. */
function terminal(payload: Uint8Array, theme: Theme, font: Font): Sharp {
  const unlimited = { columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY };
  const drawing = drawQr(payload, { ...unlimited, size: "small", ecLevel: "L", colour: false });
  const { data, width, height } = paint(drawing?.lines ?? [], theme, font);
  return sharp(data, { raw: { width, height, channels: 4 } }).removeAlpha();
}

async function windowAmidOthers(payload: Uint8Array): Promise<Uint8Array> {
  const window = await terminal(payload, DARK, { cellWidth: 12, blockHeight: 24, gaps: [2, 3] })
    .png()
    .toBuffer();
  const texts = Array.from(
    { length: 70 },
    (_, i) => `<text x="8" y="${16 * i}">${"qwe rtz (uio) = pas; ".repeat(9)}</text>`,
  );
  const desktop = `<svg xmlns="http://www.w3.org/2000/svg" width="1500" height="1100" font-size="14" fill="#9c9">${texts.join("")}</svg>`;
  const picture = await sharp({ create: { width: 1500, height: 1100, channels: 3, background: "#345" } })
    .composite([{ input: Buffer.from(desktop) }, { input: window, left: 420, top: 90 }])
    .png()
    .toBuffer();
  return sharp(picture).resize(1100).jpeg({ quality: 70 }).toBuffer();
}

async function photoOfGaps(payload: Uint8Array): Promise<Uint8Array> {
  const picture = terminal(payload, DARK, { cellWidth: 9, blockHeight: 18, gaps: [1, 2] });
  return picture.rotate(4, { background: "#555" }).blur(0.8).jpeg().toBuffer();
}

/** The code on a wall. */
async function photo(payload: Uint8Array, angle = 6): Promise<Sharp> {
  const code = (await codeOf(payload)).ensureAlpha().rotate(angle, { background: "#0000" });
  const { data, info } = await code.png().toBuffer({ resolveWithObject: true });
  const wall = await texture(info.width + 500, info.height + 300);
  const layers = [{ input: data, left: 310, top: 120 }];
  return sharp(await wall.composite(layers).png().toBuffer());
}

async function texture(width: number, height: number): Promise<Sharp> {
  const random = new SeededRandom(5);
  const [columns, rows] = [Math.ceil(width / 20), Math.ceil(height / 20)];
  const grains = Buffer.from(random.bytes(columns * rows)).map((value) => 90 + value / 3);
  const grey = sharp(grains, { raw: { width: columns, height: rows, channels: 1 } });
  const rough = await grey.resize(width, height, { fit: "fill", kernel: "cubic" }).png().toBuffer();
  return sharp(rough).toColourspace("srgb");
}

async function skewed(picture: Sharp): Promise<Sharp> {
  return sharp(await picture.png().toBuffer()).affine([1, 0.24, -0.14, 0.8], { background: "#777" });
}

/** A photo in a light that is given for each place, from 0 to 1 in both directions, with noise of that strength. */
async function lit(
  payload: Uint8Array,
  light: (x: number, y: number) => number,
  noise = 4,
): Promise<Uint8Array> {
  const { data, info } = await (await photo(payload)).greyscale().raw().toBuffer({ resolveWithObject: true });
  const random = new SeededRandom(9);
  const pixels = Uint8ClampedArray.from(
    data.subarray(0, info.width * info.height * info.channels),
    (value, i) => {
      const pixel = Math.floor(i / info.channels);
      const [x, y] = [(pixel % info.width) / info.width, Math.floor(pixel / info.width) / info.height];
      return 10 + value * light(x, y) + random.below(2 * noise + 1) - noise;
    },
  );
  return sharp(pixels, { raw: info }).jpeg({ quality: 80 }).toBuffer();
}

async function withLogo(payload: Uint8Array): Promise<Uint8Array> {
  const code = await (await codeOf(payload, "H")).png().toBuffer({ resolveWithObject: true });
  const side = Math.round(code.info.width * 0.2);
  const logo = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}"><circle cx="50%" cy="50%" r="50%" fill="#0dbd8b"/></svg>`;
  return sharp(code.data)
    .composite([{ input: Buffer.from(logo) }])
    .png()
    .toBuffer();
}

/** Red on a green that is hardly lighter. */
async function inColours(payload: Uint8Array): Promise<Uint8Array> {
  const { data, info } = await (await codeOf(payload))
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const pixels = Buffer.alloc(info.width * info.height * 3);
  for (let i = 0; i < info.width * info.height; i++) {
    const isDark = (data[i * info.channels] ?? 0) < 128;
    pixels.set(isDark ? [200, 60, 60] : [60, 131, 60], i * 3);
  }
  return sharp(pixels, { raw: { width: info.width, height: info.height, channels: 3 } })
    .png()
    .toBuffer();
}
