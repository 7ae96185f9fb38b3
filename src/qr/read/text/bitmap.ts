import type { GreyPicture } from "../grey-picture.js";

const HEADERS = 54;
/** 256 greys, as blue, green, red and a byte that is unused. */
const PALETTE = Uint8Array.from({ length: 1024 }, (_, i) => (i % 4 === 3 ? 0 : i >> 2));

/** Grey pixels as a file, for whoever reads pictures: an uncompressed Windows bitmap of 8 bits a pixel. */
export function toBmp({ data, width, height }: GreyPicture): Uint8Array {
  const stride = Math.ceil(width / 4) * 4;
  const start = HEADERS + PALETTE.length;
  const file = Buffer.alloc(start + stride * height);
  file.write("BM");
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(start, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(width, 18);
  // Negative: the first row is the top one.
  file.writeInt32LE(-height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(8, 28);
  file.set(PALETTE, HEADERS);
  for (let y = 0; y < height; y++) file.set(data.subarray(y * width, (y + 1) * width), start + y * stride);
  return file;
}
