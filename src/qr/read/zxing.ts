import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { prepareZXingModule, purgeZXingModule, type ReaderOptions, readBarcodes } from "zxing-wasm/reader";
import type { GreyPicture } from "./grey-picture.js";

/** No picture that somebody means holds more codes than these. */
const MAX_CODES = 64;

/** Two ways to make out what is hard to see; see ZXing-C++'s ReaderOptions. */
export type ZxingOptions = Pick<ReaderOptions, "tryDenoise" | "binarizer">;

let preparing: Promise<unknown> | undefined;

/** Finds the QR codes in a picture, turned, mirrored and inverted ones too: their bytes, exactly. */
export async function zxing(picture: GreyPicture, options: ZxingOptions = {}): Promise<Uint8Array[]> {
  await prepared();
  try {
    const results = await readBarcodes(pgm(picture), {
      formats: ["QRCodeModel2"],
      maxNumberOfSymbols: MAX_CODES,
      ...options,
    });
    // A picture that it takes for none comes as a result that isn't valid; a sequence is of several codes. `text`
    // went through a guess at the character set.
    return results
      .filter(({ isValid, sequenceSize }) => isValid && sequenceSize < 0)
      .map(({ bytes }) => Uint8Array.from(bytes));
  } catch {
    // WebAssembly that was stopped by an error of its own isn't used again. Other ways may find the code.
    purgeZXingModule();
    preparing = undefined;
    return [];
  }
}

/** Resolves once the WebAssembly is there: its compilation can go on beside other work. */
export function prepared(): Promise<unknown> {
  preparing ??= prepare();
  return preparing;
}

/** Left to itself, the package would get its WebAssembly from a CDN. */
async function prepare(): Promise<void> {
  // biome-ignore lint/plugin: a file of a package, which is read and not imported.
  const path = createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm");
  const wasmBinary = new Uint8Array(await readFile(path)).buffer;
  await prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true });
}

/** The simplest file format there is for grey pixels: all that goes in otherwise is four bytes a pixel. */
function pgm({ data, width, height }: GreyPicture): Uint8Array {
  return Buffer.concat([Buffer.from(`P5\n${width} ${height}\n255\n`), data]);
}
