import sharp from "sharp";
import { qrPng } from "../../src/qr/draw/picture.js";
import { strayCode } from "../support/qr-samples.js";
import type { Line } from "./line.js";
import { loadReaders, OTHERS, type ReaderName, read } from "./readers.js";
import type { BenchOptions } from "./rows.js";
import { figuresOf } from "./statistics.js";

const TIMES = 7;
const WIDTH = 4000;
const HEIGHT = 3000;

/** A photo of 12 megapixels with a code in it, already in memory: by this program's reader, and by those that it has, alone. */
export async function photo({ times = TIMES }: BenchOptions): Promise<readonly Line[]> {
  const payload = strayCode("new");
  const picture = await photoOf(payload);
  await loadReaders(picture);
  const timed = async (name: ReaderName) => {
    const readings = [];
    for (let time = 0; time < times; time++) {
      readings.push(await read(name, picture, payload.toString("hex")));
    }
    const finds = readings.every(({ right }) => right);
    return { finds, figures: figuresOf(readings.map(({ ms }) => ms)) };
  };
  const own = await timed("own");
  if (!own.finds) throw new Error("The code in the photo was not found.");
  const lines: Line[] = [];
  for (const name of OTHERS) {
    const { finds, figures } = await timed(name);
    const beside = { name: `${name} alone${finds ? "" : ", which doesn't find it"}`, figures };
    lines.push({ what: "a photo of 12 megapixels is read", unit: "ms", own: own.figures, beside });
  }
  return lines;
}

/** As a phone takes one of a screen: askew, a little blurred, in a dim room. */
async function photoOf(payload: Uint8Array): Promise<Buffer> {
  const code = await sharp(await qrPng(payload))
    .resize(1_100, 1_100, { kernel: "nearest" })
    .rotate(8, { background: "#fff" })
    .blur(1.5)
    .toBuffer();
  const noise = { type: "gaussian", mean: 118, sigma: 6 } as const;
  return sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: "#777", noise } })
    .composite([{ input: code, left: 1_500, top: 900 }])
    .jpeg({ quality: 88 })
    .toBuffer();
}
