/** Byte order marks, and the encodings that they announce. The one of UTF-32 begins with the one of UTF-16. */
const MARKS: readonly (readonly [mark: readonly number[], decode: (bytes: Uint8Array) => string])[] = [
  [[0xef, 0xbb, 0xbf], utf8],
  [[0xff, 0xfe, 0, 0], (bytes) => utf32(bytes, true)],
  [[0, 0, 0xfe, 0xff], (bytes) => utf32(bytes, false)],
  [[0xff, 0xfe], (bytes) => utf16(bytes, true)],
  [[0xfe, 0xff], (bytes) => utf16(bytes, false)],
];

/** How much of a text without a mark is looked at to tell UTF-16 by its zeros. */
const LOOKED_AT = 256;

/**
 * Decodes a text in any encoding that a shell writes to a file: UTF-8, UTF-16 as PowerShell's `>` has it, and UTF-32,
 * with a byte order mark, and the first two without one.
 *
 * @returns undefined for bytes that are no text
 */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    for (const [mark, decode] of MARKS) {
      if (mark.every((byte, i) => bytes[i] === byte)) return decode(bytes.subarray(mark.length));
    }
    const zeros = zerosIn(bytes);
    return zeros === undefined ? utf8(bytes) : utf16(bytes, zeros === "odd");
  } catch {
    return undefined;
  }
}

/** Latin letters in UTF-16 have a zero in each pair of bytes, always at the same side. */
function zerosIn(bytes: Uint8Array): "odd" | "even" | undefined {
  const start = bytes.subarray(0, LOOKED_AT & ~1);
  const count = (side: number) => start.filter((byte, i) => byte === 0 && i % 2 === side).length;
  const [even, odd] = [count(0), count(1)];
  // Other characters than Latin ones have none: blocks, typographic quotes.
  const enough = start.length / 8;
  if (even === 0 && odd > enough) return "odd";
  return odd === 0 && even > enough ? "even" : undefined;
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

function utf16(bytes: Uint8Array, isLittleEndian: boolean): string {
  return new TextDecoder(isLittleEndian ? "utf-16le" : "utf-16be", { fatal: true }).decode(bytes);
}

function utf32(bytes: Uint8Array, isLittleEndian: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = "";
  for (let at = 0; at < bytes.length; at += 4)
    text += String.fromCodePoint(view.getUint32(at, isLittleEndian));
  return text;
}
