import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import jsqr from "jsqr";
import sharp from "sharp";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { Failure } from "../../src/foundation/failures.js";
import { recogniseQrCode } from "../../src/protocol/qr-code.js";
import { readQrCode } from "../../src/qr/read/read-qr-code.js";

type Reader = (picture: Uint8Array) => Promise<readonly Uint8Array[]>;

/** This program's, beside what is in it, each alone as its own examples use it. */
const READERS: { readonly own: Reader } & Readonly<Record<"zxing-wasm" | "jsQR", Reader>> = {
  own: async (picture) => [await readQrCode(picture)],
  async "zxing-wasm"(picture) {
    const found = await readBarcodes(await pixelsOf(picture), { formats: ["QRCode"] });
    return found.map(({ bytes }) => bytes);
  },
  async jsQR(picture) {
    const { data, width, height } = await pixelsOf(picture);
    const code = jsqr.default(data, width, height, { inversionAttempts: "attemptBoth" });
    return code ? [Uint8Array.from(code.binaryData)] : [];
  },
};
export type ReaderName = keyof typeof READERS;
export const OTHERS = ["zxing-wasm", "jsQR"] as const satisfies readonly ReaderName[];

/** Has them all loaded. */
export async function loadReaders(picture: Uint8Array): Promise<void> {
  const wasm = createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm");
  const wasmBinary = Uint8Array.from(await readFile(wasm)).buffer;
  await prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true });
  for (const name of ["own", ...OTHERS] as const) await read(name, picture, null);
}

export interface Reading {
  readonly ms: number;
  readonly right: boolean;
}

/** @param expected the payload in hex, or null where there is no code for signing in */
export async function read(name: ReaderName, picture: Uint8Array, expected: string | null): Promise<Reading> {
  const startedAt = performance.now();
  const codes = await READERS[name](picture).catch(nothingFound);
  const ms = performance.now() - startedAt;
  if (!codes) return { ms, right: false };
  const found = codes.filter((code) => recogniseQrCode(code) === "sign_in");
  const hex = found.map((code) => Buffer.from(code).toString("hex"));
  return { ms, right: expected === null ? hex.length === 0 : hex.includes(expected) };
}

/** A picture that can't be read at all is another thing. */
function nothingFound(error: unknown): readonly Uint8Array[] | undefined {
  return error instanceof Failure && error.code === "no_qr_code" ? [] : undefined;
}

async function pixelsOf(picture: Uint8Array) {
  const { data, info } = await sharp(picture)
    .toColourspace("srgb")
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data: new Uint8ClampedArray(data.buffer, data.byteOffset, data.length), ...info };
}
