export interface BmpForm {
  readonly bits: 1 | 4 | 8 | 16 | 24 | 32;
  readonly topDown?: boolean;
  /** Red, green and blue; without them the usual ones hold. */
  readonly masks?: readonly [number, number, number];
  /** 40 is BITMAPINFOHEADER, 124 BITMAPV5HEADER. */
  readonly headerSize?: 40 | 124;
}

/** A Windows bitmap of grey pixels. */
export function bmp(grey: Uint8Array, width: number, form: BmpForm): Buffer {
  const { bits, topDown = false, masks, headerSize = 40 } = form;
  const height = grey.length / width;
  const colours = bits <= 8 ? 2 ** bits : 0;
  const extra = headerSize === 40 && masks ? 12 : 0;
  const start = 14 + headerSize + extra + colours * 4;
  const stride = Math.ceil((width * bits) / 32) * 4;
  const file = Buffer.alloc(start + stride * height);
  file.write("BM");
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(start, 10);
  file.writeUInt32LE(headerSize, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(topDown ? -height : height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(bits, 28);
  file.writeUInt32LE(masks ? 3 : 0, 30);
  masks?.forEach((mask, i) => {
    file.writeUInt32LE(mask, 54 + i * 4);
  });
  // The palette goes from white to black: who takes an index for a grey value sees the code inverted.
  for (let i = 0; i < colours; i++) {
    const value = 255 - Math.round((i * 255) / (colours - 1));
    file.fill(value, 14 + headerSize + i * 4, 14 + headerSize + i * 4 + 3);
  }
  grey.forEach((value, i) => {
    const x = i % width;
    const y = Math.floor(i / width);
    const row = start + stride * (topDown ? y : height - 1 - y);
    if (bits <= 8) {
      const index = Math.round(((255 - value) * (colours - 1)) / 255);
      const at = row + Math.floor((x * bits) / 8);
      file[at] = (file[at] ?? 0) | (index << (8 - bits - ((x * bits) % 8)));
    } else if (bits === 24) {
      file.fill(value, row + x * 3, row + x * 3 + 3);
    } else {
      const usual = bits === 16 ? [0x7c00, 0x03e0, 0x001f] : [0xff0000, 0xff00, 0xff];
      const pixel = (masks ?? usual).reduce((sum, mask) => sum + under(mask, value), 0);
      file.writeUIntLE(pixel, row + (x * bits) / 8, bits / 8);
    }
  });
  return file;
}

/** A value of 0 to 255 in the bits of a mask. */
function under(mask: number, value: number): number {
  const lowest = 2 ** (31 - Math.clz32(mask & -mask));
  return Math.round((value * (mask / lowest)) / 255) * lowest;
}
