import { Failure } from "../../foundation/failures.js";
import { MAX_PICTURE_PIXELS } from "./limits.js";
import type { RawPicture } from "./raw-picture.js";

/** The compression field of BITMAPINFOHEADER: none, or none with masks that say which bits are which colour. */
const UNCOMPRESSED = 0;
const BIT_FIELDS = 3;

/** Red, green and blue at their usual places in pixels of two bytes, and of three and four. */
const MASKS_16 = [0x7c00, 0x03e0, 0x001f];
const MASKS = [0xff0000, 0x00ff00, 0x0000ff];

export function isBmp(file: Uint8Array): boolean {
  return file[0] === 0x42 && file[1] === 0x4d;
}

/**
 * Reads an uncompressed Windows bitmap of 1, 4, 8, 16, 24 or 32 bits a pixel. sharp reads none, and the packages
 * that do mix up palettes, masks or the order of rows.
 *
 * @throws {Failure} `picture_too_large`, `picture_unreadable`
 */
export function readBmp(file: Uint8Array): RawPicture {
  const bytes = new DataView(file.buffer, file.byteOffset, file.byteLength);
  try {
    return readPixels(bytes, readHeader(bytes));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure("picture_unreadable", "The BMP file is damaged or incomplete.", { cause: error });
  }
}

/** Red, green and blue, 0 to 255. */
type Colour = readonly [red: number, green: number, blue: number];

interface Header {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bits: number;
  readonly start: number;
  /** What a pixel's bits stand for. */
  readonly colour: (pixel: number) => Colour;
}

function readHeader(bytes: DataView): Header {
  const headerSize = bytes.getUint32(14, true);
  const bits = bytes.getUint16(28, true);
  const compression = bytes.getUint32(30, true);
  const isKnown = headerSize >= 40 && (compression === UNCOMPRESSED || compression === BIT_FIELDS);
  if (!isKnown || ![1, 4, 8, 16, 24, 32].includes(bits)) {
    throw new Failure("picture_unreadable", "BMP pictures of this kind can't be read here: save it as PNG.");
  }
  const width = bytes.getInt32(18, true);
  const signedHeight = bytes.getInt32(22, true);
  const height = Math.abs(signedHeight);
  if (width < 1 || height < 1) throw new RangeError("A BMP without pixels.");
  if (width * height > MAX_PICTURE_PIXELS) throw new Failure("picture_too_large");
  const colour = bits <= 8 ? fromPalette(bytes, 14 + headerSize, bits) : fromMasks(bytes, bits, compression);
  return { width, height, topDown: signedHeight < 0, bits, start: bytes.getUint32(10, true), colour };
}

function fromPalette(bytes: DataView, start: number, bits: number): Header["colour"] {
  const used = bytes.getUint32(46, true) || 2 ** bits;
  const colours = Array.from({ length: Math.min(used, 2 ** bits) }, (_, i): Colour => {
    const blue = start + i * 4;
    return [bytes.getUint8(blue + 2), bytes.getUint8(blue + 1), bytes.getUint8(blue)];
  });
  return (pixel) => colours[pixel] ?? [0, 0, 0];
}

function fromMasks(bytes: DataView, bits: number, compression: number): Header["colour"] {
  // In headers of every size the masks are at the same place.
  const given = compression === BIT_FIELDS ? [54, 58, 62].map((at) => bytes.getUint32(at, true)) : undefined;
  const masks = given ?? (bits === 16 ? MASKS_16 : MASKS);
  const [red = none, green = none, blue = none] = masks.map(under);
  return (pixel) => [red(pixel), green(pixel), blue(pixel)];
}

/** Scales what is under a mask to 0 to 255. */
function under(mask: number): (pixel: number) => number {
  const lowest = mask & -mask;
  const shift = lowest === 0 ? 0 : 31 - Math.clz32(lowest);
  const greatest = mask >>> shift || 1;
  return (pixel) => (((pixel & mask) >>> shift) * 255) / greatest;
}

function none(): number {
  return 0;
}

function readPixels(bytes: DataView, { width, height, topDown, bits, start, colour }: Header): RawPicture {
  const stride = Math.ceil((width * bits) / 32) * 4;
  // A short file must not make a large picture.
  if (start + stride * height > bytes.byteLength) throw new RangeError("A BMP that was cut off.");
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const row = start + stride * (topDown ? y : height - 1 - y);
    for (let x = 0; x < width; x++) data.set(colour(pixelAt(bytes, row, x, bits)), (y * width + x) * 3);
  }
  return { data, width, height, channels: 3 };
}

function pixelAt(bytes: DataView, row: number, x: number, bits: number): number {
  switch (bits) {
    case 32:
      return bytes.getUint32(row + x * 4, true);
    case 24:
      return bytes.getUint16(row + x * 3, true) | (bytes.getUint8(row + x * 3 + 2) << 16);
    case 16:
      return bytes.getUint16(row + x * 2, true);
    default: {
      const byte = bytes.getUint8(row + Math.floor((x * bits) / 8));
      return (byte >> (8 - bits - ((x * bits) % 8))) & (2 ** bits - 1);
    }
  }
}
