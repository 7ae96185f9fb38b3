import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import jsqr from "jsqr";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import type { Bitmap } from "./terminal-bitmap.js";

/** Two readers of QR codes that share no code: what both read is no accident. */

const wasm = fileURLToPath(import.meta.resolve("zxing-wasm/reader/zxing_reader.wasm"));
// Without this it would be fetched from the network.
prepareZXingModule({ overrides: { wasmBinary: Uint8Array.from(await readFile(wasm)).buffer } });

/** What each of them sees in the first view that it reads, as in a camera that is moved; undefined for nothing. */
export async function readTwice(
  ...views: Bitmap[]
): Promise<Record<"jsqr" | "zxing", Uint8Array | undefined>> {
  const seen = await Promise.all(views.map(readView));
  const first = (reader: "jsqr" | "zxing") => seen.find((view) => view[reader] !== undefined)?.[reader];
  return { jsqr: first("jsqr"), zxing: first("zxing") };
}

/** Readers on phones take inverted codes too. */
async function readView(picture: Bitmap): Promise<Record<"jsqr" | "zxing", Uint8Array | undefined>> {
  const { data, width, height } = picture;
  const code = jsqr.default(data, width, height, { inversionAttempts: "attemptBoth" });
  const pixels = { data: Uint8ClampedArray.from(data), width, height, colorSpace: "srgb" };
  const [symbol] = await readBarcodes(pixels as Parameters<typeof readBarcodes>[0], {
    formats: ["QRCode"],
    tryInvert: true,
    maxNumberOfSymbols: 1,
  });
  return { jsqr: code ? Uint8Array.from(code.binaryData) : undefined, zxing: symbol?.bytes };
}
