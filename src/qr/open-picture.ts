import sharp, { type Metadata, type Sharp } from "sharp";
import { Failure } from "../errors.js";
import { isBmp, readBmp } from "./bmp.js";
import { type GreyPicture, luma, scaledTo } from "./grey-picture.js";
import { isHeic, readHeic } from "./heic.js";
import { MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS } from "./limits.js";
import { looksLikeSvg, withoutDataUrls } from "./svg.js";

/** As many pixels as are searched: a phone's usual photo, whole. Larger ones are scaled down to that. */
const MAX_SEARCHED_PIXELS = 16_000_000;
/** An SVG has no pixels of its own. */
const SVG_PIXELS = 1_500_000;

export interface OpenedPicture {
  /** The picture on white and, where that makes a difference, on black. */
  readonly greys: readonly GreyPicture[];
  /** Animations and documents may have more; only the first is opened. */
  readonly pages: number;
}

/**
 * Decodes a PNG, JPEG, WebP, GIF, TIFF, SVG, AVIF, BMP or HEIC picture, upright and without its colours.
 *
 * @throws {Failure} `picture_too_large`, `picture_unreadable`
 */
export async function openPicture(file: Uint8Array): Promise<OpenedPicture> {
  if (file.length > MAX_PICTURE_BYTES) throw new Failure("picture_too_large");
  if (isBmp(file)) {
    const picture = readBmp(file);
    const isLarge = picture.data.length > MAX_SEARCHED_PIXELS;
    return { greys: [isLarge ? await scaledTo(picture, MAX_SEARCHED_PIXELS) : picture], pages: 1 };
  }
  if (isHeic(file)) {
    const { data, width, height } = await readHeic(file);
    const open = () => sharp(data, { raw: { width, height, channels: 4 } });
    return {
      greys: await onEachGround({ open, hasAlpha: true, width, height, pixels: width * height }),
      pages: 1,
    };
  }
  try {
    const { source, pages } = await withSharp(file);
    return { greys: await onEachGround(source), pages };
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (error instanceof Error && /pixel limit/i.test(error.message)) throw new Failure("picture_too_large");
    throw new Failure("picture_unreadable", undefined, { cause: error });
  }
}

interface Source {
  /** The decoder, at its beginning. */
  readonly open: () => Sharp;
  readonly hasAlpha: boolean;
  /** Of the upright picture. */
  readonly width: number;
  readonly height: number;
  readonly pixels: number;
}

async function withSharp(file: Uint8Array): Promise<{ source: Source; pages: number }> {
  const picture = looksLikeSvg(file) ? withoutDataUrls(file) : file;
  // No limit here: nothing is decoded yet, and the size that an SVG gives is not binding.
  const metadata = await sharp(picture, { limitInputPixels: false }).metadata();
  const isSvg = metadata.format === "svg";
  if (isSvg && picture === file) throw new Failure("picture_unreadable");
  const { width, height } = metadata.autoOrient;
  if (!isSvg && width * height > MAX_PICTURE_PIXELS) throw new Failure("picture_too_large");
  const open = () =>
    sharp(picture, {
      // What can be seen of a damaged picture may be enough.
      failOn: "none",
      limitInputPixels: MAX_PICTURE_PIXELS,
      autoOrient: true,
      ...(isSvg && { density: svgDensity(metadata) }),
    });
  const pixels = isSvg ? SVG_PIXELS : width * height;
  return {
    source: { open, hasAlpha: metadata.hasAlpha, width, height, pixels },
    pages: metadata.pages ?? 1,
  };
}

/** Dots per inch; 72 draws it in the size that it gives. */
function svgDensity({ width, height }: Metadata): number {
  const scale = Math.sqrt(SVG_PIXELS / (width * height));
  return Math.min(100_000, Math.max(1, 72 * scale));
}

async function onEachGround(source: Source): Promise<GreyPicture[]> {
  const { open, hasAlpha, width, height, pixels } = source;
  const scale = Math.sqrt(Math.min(pixels, MAX_SEARCHED_PIXELS) / (width * height));
  const scaled = open().resize({
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
    fit: "fill",
  });
  // Grey pixels come without their opacity.
  const { data, info } = await (hasAlpha
    ? scaled.toColourspace("srgb").ensureAlpha()
    : scaled.toColourspace("b-w")
  )
    .raw()
    .toBuffer({ resolveWithObject: true });
  const grounds = hasAlpha ? [flattened(data, 255), flattened(data, 0)] : [data];
  const [first, second] = grounds;
  const differ = first && second && Buffer.compare(first, second) !== 0;
  return (differ ? grounds : grounds.slice(0, 1)).map((ground) => ({
    data: ground,
    width: info.width,
    height: info.height,
  }));
}

/** Puts RGBA pixels on a ground of one grey. */
function flattened(rgba: Uint8Array, ground: number): Uint8Array {
  const data = new Uint8Array(rgba.length / 4);
  for (let i = 0; i < data.length; i++) {
    const at = 4 * i;
    const grey = luma(rgba[at], rgba[at + 1], rgba[at + 2]);
    data[i] = ground + ((grey - ground) * (rgba[at + 3] ?? 0)) / 255;
  }
  return data;
}
