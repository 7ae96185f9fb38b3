import { setImmediate } from "node:timers/promises";
import jsqr, { type QRCode } from "jsqr";
import sharp, { type Metadata } from "sharp";
import { Failure } from "../errors.js";
import { recogniseQrCode } from "../protocol/qr-code.js";
import { MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS } from "./limits.js";
import { withoutDataUrls } from "./svg.js";

/**
 * To how many pixels a picture is scaled down, one try after the other. jsqr needs a second or more for a
 * million noisy ones, and it finds large and blurred codes better in small pictures.
 */
const PIXEL_BUDGETS = [800_000, 200_000, 2_000_000];

/** How far into a file libvips looks for an SVG, with a margin. */
const SVG_SEARCH_BYTES = 4096;

/** A picture in which nothing is found for so long is made to take long. */
const SEARCH_BUDGET_MS = 10_000;

/** No picture that somebody means holds more codes than these. */
const MAX_CODES = 8;

interface Pixels {
  /** RGBA. */
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/**
 * Finds the QR code in a PNG, JPEG, WebP, GIF, TIFF, SVG or AVIF picture: turned, inverted, on a transparent
 * ground. Among several codes it takes the one for signing in.
 *
 * @returns the code's bytes, whatever kind of code it is
 * @throws {Failure} `picture_too_large`, `picture_unreadable`, `no_qr_code`, `several_sign_in_codes`; and the
 *   signal's reason when that is aborted
 */
export async function readQrCode(source: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
  if (source.length > MAX_PICTURE_BYTES) throw new Failure("picture_too_large");
  const picture = looksLikeSvg(source) ? withoutDataUrls(source) : source;
  // No limit here: nothing is decoded yet, and the size that an SVG gives is not binding.
  const metadata = await understood(picture, () => sharp(picture, { limitInputPixels: false }).metadata());
  if (metadata.format === "svg" && picture === source) throw new Failure("picture_unreadable");
  const started = performance.now();
  let other: Uint8Array | undefined;
  for (const { scale, inParts } of attempts(metadata)) {
    for (const pixels of await renderings(picture, metadata, scale)) {
      const codes: Uint8Array[] = [];
      for (const part of inParts ? partsOf(pixels, 2) : [pixels]) {
        // jsqr holds the thread for a second and more: signals and time have to be let in between.
        await setImmediate();
        signal?.throwIfAborted();
        if (performance.now() - started > SEARCH_BUDGET_MS) throw new Failure("no_qr_code");
        codes.push(...codesIn(part));
      }
      const [code, second] = distinct(codes.filter((bytes) => recogniseQrCode(bytes) === "sign_in"));
      if (second) throw new Failure("several_sign_in_codes");
      if (code) return code;
      other ??= codes[0];
    }
  }
  if (other) return other;
  throw new Failure("no_qr_code");
}

/** What libvips may take for an SVG, and draw as it stands: also one that is compressed, which is refused. */
function looksLikeSvg(source: Uint8Array): boolean {
  const start = Buffer.from(source.subarray(0, SVG_SEARCH_BYTES));
  if (start[0] === 0x1f && start[1] === 0x8b) {
    throw new Failure("picture_unreadable", "Compressed SVGs are not read: unpack it first.");
  }
  return /<\s*(?:[\w-]+:)?svg/i.test(start.toString("latin1").replaceAll("\0", ""));
}

/** By how much to scale; SVG has no resolution of its own, so it is also drawn larger than it says. */
function attempts({ format, width, height }: Metadata): { scale: number; inParts?: boolean }[] {
  const pixels = width * height;
  if (format !== "svg" && pixels > MAX_PICTURE_PIXELS) throw new Failure("picture_too_large");
  const limit = format === "svg" ? Number.POSITIVE_INFINITY : 1;
  const scales = PIXEL_BUDGETS.map((budget) => Math.min(limit, Math.sqrt(budget / pixels)));
  const whole = [...new Set(scales)].map((scale) => ({ scale }));
  return [...whole, ...whole.slice(0, 1).map(({ scale }) => ({ scale, inParts: true }))];
}

/** The picture on white and, where that makes a difference, on black. */
async function renderings(picture: Uint8Array, metadata: Metadata, scale: number): Promise<Pixels[]> {
  const onWhite = await render(picture, metadata, scale, "#fff");
  if (!metadata.hasAlpha) return [onWhite];
  const onBlack = await render(picture, metadata, scale, "#000");
  return onWhite.data.every((value, i) => value === onBlack.data[i]) ? [onWhite] : [onWhite, onBlack];
}

async function render(
  picture: Uint8Array,
  { format, autoOrient }: Metadata,
  scale: number,
  background: string,
): Promise<Pixels> {
  const { data, info } = await understood(picture, () =>
    sharp(picture, {
      // What can be seen of a damaged picture may be enough.
      failOn: "none",
      limitInputPixels: MAX_PICTURE_PIXELS,
      autoOrient: true,
      ...(format === "svg" && { density: Math.min(100_000, Math.max(1, 72 * scale)) }),
    })
      .flatten({ background })
      .resize({
        width: Math.max(1, Math.round(autoOrient.width * scale)),
        height: Math.max(1, Math.round(autoOrient.height * scale)),
        fit: "inside",
      })
      .toColourspace("srgb")
      .ensureAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true }),
  );
  const pixels = new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength);
  return { data: pixels, width: info.width, height: info.height };
}

async function understood<T>(picture: Uint8Array, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && /pixel limit/i.test(error.message)) throw new Failure("picture_too_large");
    // The brands of HEIC (ISO/IEC 23008-12), whose codec sharp is built without.
    const heic = /^ftyp(hei[cxms]|hev[cxms])/.test(Buffer.from(picture.subarray(4, 12)).toString("latin1"));
    const message = heic ? "HEIC pictures can't be read here: save it as PNG or JPEG." : undefined;
    throw new Failure("picture_unreadable", message, { cause: error });
  }
}

/**
 * The picture's overlapping halves, their halves, and so on: jsqr takes the corners of codes side by side for
 * those of one.
 */
function partsOf({ data, width, height }: Pixels, depth: number): Pixels[] {
  if (depth === 0) return [];
  const wide = width > height;
  const part = {
    width: wide ? Math.ceil(width * 0.6) : width,
    height: wide ? height : Math.ceil(height * 0.6),
  };
  const halves = [0, 1].map((side) => {
    const left = side * (width - part.width);
    const top = side * (height - part.height);
    const copy = new Uint8ClampedArray(part.width * part.height * 4);
    for (let y = 0; y < part.height; y++) {
      const start = ((top + y) * width + left) * 4;
      copy.set(data.subarray(start, start + part.width * 4), y * part.width * 4);
    }
    return { data: copy, ...part };
  });
  return halves.flatMap((half) => [half, ...partsOf(half, depth - 1)]);
}

/** All codes, the found ones being painted over until no more are found. */
function codesIn(pixels: Pixels): Uint8Array[] {
  const codes: Uint8Array[] = [];
  while (codes.length < MAX_CODES) {
    // Without the option, later calls would use the options of earlier ones.
    const code = jsqr.default(pixels.data, pixels.width, pixels.height, { inversionAttempts: "attemptBoth" });
    // What only looks like a code may come out as one without content.
    if (!code?.binaryData.length) break;
    // `data` is a decoded text and empty for bytes that are no UTF-8.
    codes.push(Uint8Array.from(code.binaryData));
    paintOver(pixels, code.location);
  }
  return codes;
}

function paintOver({ data, width, height }: Pixels, location: QRCode["location"]): void {
  const corners = [
    location.topLeftCorner,
    location.topRightCorner,
    location.bottomRightCorner,
    location.bottomLeftCorner,
  ];
  const edges = corners.map((corner, i) => ({ from: corner, to: corners[(i + 1) % 4] ?? corner }));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      // Clockwise from the top left, with y pointing down, the inside is on the right of every edge.
      const inside = edges.every(
        ({ from, to }) => (to.x - from.x) * (y - from.y) >= (to.y - from.y) * (x - from.x),
      );
      if (inside) data.fill(255, (y * width + x) * 4, (y * width + x) * 4 + 4);
    }
  }
}

function distinct(codes: readonly Uint8Array[]): Uint8Array[] {
  return codes.filter((code, i) => codes.findIndex((earlier) => Buffer.compare(earlier, code) === 0) === i);
}
