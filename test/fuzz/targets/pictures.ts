import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { expect } from "vitest";
import { Failure } from "../../../src/foundation/failures.js";
import { qrPng, qrSvg } from "../../../src/qr/draw/picture.js";
import { readBmp } from "../../../src/qr/read/bmp.js";
import { openPicture } from "../../../src/qr/read/open-picture.js";
import { readQrCode } from "../../../src/qr/read/read-qr-code.js";
import { withoutDataUrls } from "../../../src/qr/read/svg.js";
import { bmp } from "../../support/bmp.js";
import { findCorpus } from "../../support/corpus.js";
import { payloadOf } from "../../support/pictures.js";
import { nearlyBytes, nearlyText } from "../arbitraries.js";
import { outcomeOf, type Target, target } from "../target.js";

const PAYLOAD = payloadOf("unstable_intent_0");

/** A small picture of a code in each format, made once. */
const FORMATS: Readonly<Record<string, () => Promise<Uint8Array>>> = {
  PNG: async () => qrPng(PAYLOAD),
  JPEG: async () =>
    sharp(await qrPng(PAYLOAD))
      .jpeg()
      .toBuffer(),
  WebP: async () =>
    sharp(await qrPng(PAYLOAD))
      .webp()
      .toBuffer(),
  GIF: async () =>
    sharp(await qrPng(PAYLOAD))
      .gif()
      .toBuffer(),
  TIFF: async () =>
    sharp(await qrPng(PAYLOAD))
      .tiff()
      .toBuffer(),
  AVIF: async () =>
    sharp(await qrPng(PAYLOAD))
      .avif()
      .toBuffer(),
  SVG: async () => Buffer.from(qrSvg(PAYLOAD)),
  BMP: async () => {
    const { data, info } = await sharp(await qrPng(PAYLOAD))
      .greyscale()
      .raw()
      .toBuffer({ resolveWithObject: true });
    return bmp(data, info.width, { bits: 8 });
  },
};

const made = new Map<string, Promise<Uint8Array>>();
function pictureIn(format: string): Promise<Uint8Array> {
  const picture =
    made.get(format) ?? FORMATS[format]?.() ?? Promise.reject(new Error(`No ${format} is made.`));
  made.set(format, picture);
  return picture;
}

/** As the bytes of a picture aren't there yet when inputs are made: where to change them, and to what. */
const changes = fc.array(
  fc.tuple(
    fc.oneof(fc.double({ min: 0, max: 0.1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
    fc.uint8Array({ maxLength: 4 }),
  ),
  { minLength: 1, maxLength: 4 },
);
const cut = fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: 1, freq: 4 });

function formatTarget(format: string): Target {
  return target(
    `a damaged ${format} is read, or refused`,
    2,
    fc.tuple(changes, cut),
    async ([places, end]) => {
      const picture = Buffer.from(await pictureIn(format));
      for (const [place, bytes] of places)
        picture.set(bytes, Math.floor(place * Math.max(0, picture.length - 4)));
      const file = picture.subarray(0, Math.ceil(end * picture.length));
      await outcomeOf(() => readQrCode(file));
    },
  );
}

/** HEIC can't be written here: these are the corpus's, where that is there. */
function heicTargets(): readonly Target[] {
  const corpus = findCorpus();
  const file = corpus?.pictures.find(({ file: name }) => name.endsWith(".heic"))?.file;
  if (!corpus || file === undefined) return [];
  const heic = fc.constant(readFileSync(join(corpus.folder, file)));
  return [
    target("a damaged HEIC is read, or refused", 1, nearlyBytes(heic), async (bytes) => {
      await outcomeOf(() => openPicture(bytes));
    }),
  ];
}

const svgs = fc
  .array(
    fc.constantFrom(
      "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>",
      "</svg>",
      "<image href='",
      "data:image/png;base64,",
      "d&#97;ta:",
      "d\\61 ta:",
      "<!--",
      "-->",
      "<![CDATA[",
      "]]>",
      "<?x ?>",
      "<!DOCTYPE svg [<!ENTITY a 'data:'>]>",
      "&a;",
      "<style>",
      "url(",
      "@import",
      "filter",
      "<use href='#a'/>",
      "'/>",
      " ",
      "\n",
      "x",
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

const bitmaps = fc
  .tuple(
    fc.constantFrom(1, 4, 8, 16, 24, 32),
    fc.boolean(),
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 9 }),
  )
  .map(([bits, topDown, width, height]) =>
    bmp(new Uint8Array(width * height), width, { bits: bits as 1 | 4 | 8 | 16 | 24 | 32, topDown }),
  );

export const pictureTargets: readonly Target[] = [
  target("a damaged bitmap is read whole, or refused", 300, nearlyBytes(bitmaps), async (file) => {
    const outcome = await outcomeOf(() => readBmp(file));
    if (outcome instanceof Failure) return;
    const { data, width, height, channels } = outcome;
    expect(data.length).toBe(width * height * channels);
    // A short file makes no large picture.
    expect(width * height).toBeLessThanOrEqual(file.length * 8);
  }),

  target(
    "an SVG is drawn without data: URLs, however they are hidden, or refused",
    300,
    fc.oneof(svgs, nearlyText(svgs)),
    async (text) => {
      const outcome = await outcomeOf(() => withoutDataUrls(Buffer.from(text)));
      if (outcome instanceof Failure) return;
      const drawn = Buffer.from(outcome)
        .toString()
        .replaceAll(/\\0*61 ?|&#x?0*(?:97|61);/gi, "a");
      expect(drawn).not.toMatch(/d\s*a\s*t\s*a\s*:/i);
      expect(drawn).not.toMatch(/<!ENTITY/i);
    },
  ),

  ...Object.keys(FORMATS).map(formatTarget),
  ...heicTargets(),
];
