import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import sharp from "sharp";
import type { Intent } from "../../src/foundation/events.js";
import { encodeQrCode } from "../../src/protocol/qr-code.js";
import { qrPng } from "../../src/qr/draw/picture.js";

/** A code that no device shows, by default of a rendezvous session that nobody has made. */
export function strayCode(
  intent: Intent,
  baseUrl = "https://matrix.example.org/",
  rendezvousId = "nowhere-to-be-found",
): Buffer {
  return Buffer.from(
    encodeQrCode({
      channel: "msc4388",
      prefix: "IO_ELEMENT_MSC4388",
      intent,
      publicKey: randomBytes(32),
      rendezvousId,
      baseUrl,
    }),
  );
}

/** Writes a code's picture. */
export async function writePicture(path: string, content: string | Uint8Array): Promise<string> {
  await writeFile(path, await qrPng(Buffer.from(content as string)));
  return path;
}

export async function writeBlankPicture(path: string): Promise<string> {
  await sharp({ create: { width: 200, height: 200, channels: 3, background: "#fff" } }).toFile(path);
  return path;
}
