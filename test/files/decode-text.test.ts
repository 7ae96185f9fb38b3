import { describe, expect, it } from "vitest";
import { decodeText } from "../../src/files/decode-text.js";

const text = '{"user_id":"@bot:example.org"}\r\n';
const marked = Buffer.from(`\ufeff${text}`, "utf16le");

describe("a text is decoded from", () => {
  it.each([
    ["UTF-8", Buffer.from(text)],
    ["UTF-8 with a byte order mark", Buffer.from(`\ufeff${text}`)],
    ["UTF-16, little-endian, as PowerShell writes it", marked],
    ["UTF-16, big-endian", Buffer.from(marked).swap16()],
    ["UTF-16, little-endian, without a mark", marked.subarray(2)],
    ["UTF-16, big-endian, without a mark", Buffer.from(marked).swap16().subarray(2)],
    ["UTF-32, little-endian", utf32((at, value, view) => view.setUint32(at, value, true))],
    ["UTF-32, big-endian", utf32((at, value, view) => view.setUint32(at, value))],
  ])("%s", (_, bytes) => {
    expect(decodeText(bytes)).toBe(text);
  });

  it("UTF-8 with a zero in it", () => {
    expect(decodeText(Buffer.from("MATRIX\u0002\0"))).toBe("MATRIX\u0002\0");
  });
});

it.each([
  ["UTF-8", Uint8Array.of(0x61, 0xff)],
  ["UTF-16", Uint8Array.of(0xff, 0xfe, 0, 0xd8)],
  ["UTF-32", Uint8Array.of(0xff, 0xfe, 0, 0, 1, 2, 3, 4)],
  ["UTF-32 that was cut", Uint8Array.of(0xff, 0xfe, 0, 0, 0x61, 0)],
])("nothing is decoded from broken %s", (_, bytes) => {
  expect(decodeText(bytes)).toBeUndefined();
});

function utf32(put: (at: number, value: number, view: DataView) => void): Uint8Array {
  const characters = [...`\ufeff${text}`];
  const view = new DataView(new ArrayBuffer(4 * characters.length));
  characters.forEach((character, i) => {
    put(4 * i, character.codePointAt(0) ?? 0, view);
  });
  return new Uint8Array(view.buffer);
}
