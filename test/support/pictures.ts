import jsqr from "jsqr";
import sharp, { type Sharp } from "sharp";
import { qrPng } from "../../src/qr/draw/picture.js";
import type { Bitmap } from "./terminal-bitmap.js";
import { hex, readVectors } from "./vectors.js";

const vectors = readVectors<{ decode: { name: string; bytes: string }[] }>("qr.json");

/** The bytes of a code in the vectors. */
export function payloadOf(name: string): Uint8Array {
  const found = vectors.decode.find((vector) => vector.name === name);
  if (!found) throw new Error(`There is no vector ${name}.`);
  return hex(found.bytes);
}

/** What a plain reader sees, without any help for difficult pictures; undefined for nothing. */
export function scan({ data, width, height }: Bitmap): Uint8Array | undefined {
  const code = jsqr.default(data, width, height, { inversionAttempts: "dontInvert" });
  return code ? Uint8Array.from(code.binaryData) : undefined;
}

/** Scans an encoded picture as it is. */
export async function scanPicture(picture: Uint8Array): Promise<Uint8Array | undefined> {
  const { data, info } = await sharp(picture)
    .toColourspace("srgb")
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return scan({ data: new Uint8ClampedArray(data), width: info.width, height: info.height });
}

/** A payload's picture, to be changed. */
export async function pictureOf(payload: Uint8Array): Promise<Sharp> {
  return sharp(await qrPng(payload)).toColourspace("srgb");
}
