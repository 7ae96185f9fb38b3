import sharp, { type Metadata, type Sharp } from "sharp";
import { Failure } from "../../foundation/failures.js";
import { isBmp, readBmp } from "./bmp.js";
import { type GreyPicture, greysOf } from "./grey-picture.js";
import { isHeic, readHeic } from "./heic.js";
import { MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS } from "./limits.js";
import { refuseOtherFiles } from "./other-files.js";
import type { RawPicture } from "./raw-picture.js";
import { looksLikeSvg, withoutDataUrls } from "./svg.js";

/** As many pixels as are searched: a phone's usual photo, whole. Larger pictures are scaled down to that. */
const MAX_SEARCHED_PIXELS = 16_000_000;
/** An SVG has no pixels of its own. */
const SVG_PIXELS = 1_500_000;

export interface OpenedPicture {
  /** The picture on white and, where that makes a difference, on black. */
  readonly greys: readonly GreyPicture[];
  /** Animations and documents may have more; only the first is opened. */
  readonly pages: number;
}

/** Formats that sharp reads none of. */
const OWN_DECODERS: readonly {
  readonly isOf: (file: Uint8Array) => boolean;
  readonly read: (file: Uint8Array) => RawPicture | Promise<RawPicture>;
}[] = [
  { isOf: isBmp, read: readBmp },
  { isOf: isHeic, read: readHeic },
];

/** Whether decoding holds the thread, for seconds with large pictures: sharp has threads of its own. */
export function holdsThread(file: Uint8Array): boolean {
  return OWN_DECODERS.some(({ isOf }) => isOf(file));
}

/**
 * Decodes a PNG, JPEG, WebP, GIF, TIFF, SVG, AVIF, BMP or HEIC picture, upright and without its colours.
 *
 * @throws {Failure} `picture_too_large`, `picture_unreadable`
 */
export async function openPicture(file: Uint8Array): Promise<OpenedPicture> {
  if (file.length > MAX_PICTURE_BYTES) throw new Failure("picture_too_large");
  refuseOtherFiles(file);
  try {
    const { pages, ...source } = await sourceOf(file);
    return { greys: await onEachGround(source), pages };
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (error instanceof Error && /pixel limit/i.test(error.message)) throw new Failure("picture_too_large");
    throw new Failure("picture_unreadable", undefined, { cause: error });
  }
}

interface Source {
  readonly decode: () => Sharp;
  /** Of the upright picture. */
  readonly width: number;
  readonly height: number;
  /** How many pixels are of use. */
  readonly pixels: number;
}

async function sourceOf(file: Uint8Array): Promise<Source & Pick<OpenedPicture, "pages">> {
  const decoder = OWN_DECODERS.find(({ isOf }) => isOf(file));
  if (decoder) return ofRawPicture(await decoder.read(file));
  const picture = looksLikeSvg(file) ? withoutDataUrls(file) : file;
  // No limit here: nothing is decoded yet, and the size that an SVG gives is not binding.
  const metadata = await sharp(picture, { limitInputPixels: false }).metadata();
  const isSvg = metadata.format === "svg";
  if (isSvg && picture === file) throw new Failure("picture_unreadable");
  const { width, height } = metadata.autoOrient;
  if (!isSvg && width * height > MAX_PICTURE_PIXELS) throw new Failure("picture_too_large");
  const decode = () =>
    sharp(picture, {
      // What can be seen of a damaged picture may be enough.
      failOn: "none",
      limitInputPixels: MAX_PICTURE_PIXELS,
      autoOrient: true,
      ...(isSvg && { density: svgDensity(metadata) }),
    });
  const pixels = isSvg ? SVG_PIXELS : width * height;
  return { decode, width, height, pixels, pages: metadata.pages ?? 1 };
}

function ofRawPicture({ data, width, height, channels }: RawPicture) {
  const decode = () => sharp(data, { raw: { width, height, channels } });
  return { decode, width, height, pixels: width * height, pages: 1 };
}

/** Dots per inch; 72 draws it in the size that it gives. */
function svgDensity({ width, height }: Metadata): number {
  const scale = Math.sqrt(SVG_PIXELS / (width * height));
  return Math.min(100_000, Math.max(1, 72 * scale));
}

async function onEachGround({ decode, width, height, pixels }: Source): Promise<GreyPicture[]> {
  const scale = Math.sqrt(Math.min(pixels, MAX_SEARCHED_PIXELS) / (width * height));
  const scaled = decode().resize({
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
    fit: "fill",
  });
  const { data, info } = await scaled.toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
  return greysOf({ data, width: info.width, height: info.height, channels: info.channels });
}
