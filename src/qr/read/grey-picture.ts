import sharp, { type Sharp } from "sharp";
import type { RawPicture } from "./raw-picture.js";

/** A picture without colours: one byte a pixel, row by row from the top, 0 being black. */
export interface GreyPicture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** How often a row or column is repeated at most: small pictures stay quick to search. */
const MAX_ENLARGEMENT = 6;
/** Pixels around an enlarged picture. */
const MARGIN = 30;

/**
 * Decoded pixels as grey ones (luma of ITU-R BT.601), on white and, where that makes a difference, on black. libvips would
 * go by way of linear light, which takes longer than decoding most pictures.
 *
 * @param picture of three channels or more. Four have opacity; of more, nobody knows what those after the colours are
 */
export function greysOf(
  picture: Omit<RawPicture, "channels"> & { readonly channels: number },
): GreyPicture[] {
  const { data, width, height, channels } = picture;
  const luma = new Uint8Array(width * height);
  for (let at = 0, from = 0; at < luma.length; at++, from += channels) {
    luma[at] = (77 * (data[from] ?? 0) + 150 * (data[from + 1] ?? 0) + 29 * (data[from + 2] ?? 0)) >> 8;
  }
  if (channels !== 4 || isOpaque(data)) return [{ data: luma, width, height }];
  const on = (ground: number) =>
    luma.map((grey, at) => {
      const opacity = data[4 * at + 3] ?? 0;
      return Math.round((opacity * grey + (255 - opacity) * ground) / 255);
    });
  return [255, 0].map((ground) => ({ data: on(ground), width, height }));
}

function isOpaque(rgba: Uint8Array): boolean {
  for (let at = 3; at < rgba.length; at += 4) if (rgba[at] !== 255) return false;
  return true;
}

/** What comes out of sharp after grey pixels went in. */
async function grey(picture: Sharp): Promise<GreyPicture> {
  const { data, info } = await picture.toColourspace("b-w").raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

/** Scales a picture, evenly in both directions, to about so many pixels. */
export async function scaledTo(picture: GreyPicture, pixels: number): Promise<GreyPicture> {
  const scale = Math.sqrt(pixels / (picture.width * picture.height));
  const size = (length: number) => Math.max(1, Math.round(length * scale));
  const kernel = scale > 1 ? "cubic" : "lanczos3";
  return grey(raw(picture).resize(size(picture.width), size(picture.height), { fit: "fill", kernel }));
}

/** Enlarges a small picture to at most so many pixels, and gives it a light margin. */
export async function enlarged(picture: GreyPicture, pixels: number): Promise<GreyPicture> {
  const { length } = picture.data;
  const large = await scaledTo(picture, Math.min(pixels, length * MAX_ENLARGEMENT ** 2));
  const margin = { top: MARGIN, bottom: MARGIN, left: MARGIN, right: MARGIN, background: "#fff" };
  return grey(raw(large).extend(margin));
}

function raw({ data, width, height }: GreyPicture) {
  return sharp(data, { raw: { width, height, channels: 1 } });
}

/** Rows become columns. */
export function transposed({ data, width, height }: GreyPicture): GreyPicture {
  const turned = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) turned[x * height + y] = data[y * width + x] ?? 0;
  }
  return { data: turned, width: height, height: width };
}

/**
 * Adds to every pixel so many times its difference from the mean of the square around it: edges that a blur of
 * about that radius has washed out come back, and light that changes slowly goes.
 */
export function sharpened(picture: GreyPicture, radius: number, amount: number): GreyPicture {
  const { data, width, height } = picture;
  const means = transposed(rowMeans(transposed(rowMeans(picture, radius)), radius)).data;
  const sharper = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i] ?? 0;
    sharper[i] = value + amount * (value - (means[i] ?? 0));
  }
  return { data: new Uint8Array(sharper.buffer), width, height };
}

/** Of each pixel and up to so many on either side of it in its row, the mean. */
function rowMeans({ data, width, height }: GreyPicture, radius: number): GreyPicture {
  const means = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let sum = 0;
    let count = 0;
    for (let x = -radius; x < width; x++) {
      if (x + radius < width) {
        sum += data[row + x + radius] ?? 0;
        count++;
      }
      if (x - radius - 1 >= 0) {
        sum -= data[row + x - radius - 1] ?? 0;
        count--;
      }
      if (x >= 0) means[row + x] = sum / count;
    }
  }
  return { data: means, width, height };
}

/**
 * Takes away what is thinner than so many pixels, an odd number: dark lines by a closing, light ones by an opening
 * (grey-scale morphology with a square).
 */
export function withoutThinLines({ data, width, height }: GreyPicture, size: number): GreyPicture {
  const reach = (size - 1) / 2;
  const closed = complement(darkened(complement(data), width, reach));
  const opened = complement(darkened(complement(darkened(closed, width, 2 * reach)), width, reach));
  return { data: opened, width, height };
}

function complement(data: Uint8Array): Uint8Array {
  const turned = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) turned[i] = 255 - (data[i] ?? 0);
  return turned;
}

/** Gives each pixel the darkest value of the square around it that reaches so far. */
function darkened(data: Uint8Array, width: number, reach: number): Uint8Array {
  let darker = data;
  for (let reached = 0; reached < reach; ) {
    // The darkest of what has been reached around each of three pixels; no pixel between them may be left out.
    const step = Math.min(2 * reached + 1, reach - reached);
    darker = darkestOfThree(darkestOfThree(darker, step), step * width);
    reached += step;
  }
  return darker;
}

/** Of each pixel and the ones a step before and after it; rows run on into each other at the picture's edges. */
function darkestOfThree(data: Uint8Array, step: number): Uint8Array {
  const darkest = Uint8Array.from(data);
  const end = data.length - step;
  for (let i = step; i < end; i++) {
    // The lesser of two without a branch, which noise makes four times as slow.
    const value = data[i] ?? 0;
    const toBefore = (data[i - step] ?? 0) - value;
    const lesser = value + (toBefore & (toBefore >> 31));
    const toAfter = (data[i + step] ?? 0) - lesser;
    darkest[i] = lesser + (toAfter & (toAfter >> 31));
  }
  return darkest;
}
