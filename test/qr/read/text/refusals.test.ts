import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { Failure } from "../../../../src/foundation/failures.js";
import { qrPng } from "../../../../src/qr/draw/picture.js";
import { MAX_TEXT_BYTES } from "../../../../src/qr/read/limits.js";
import { readQrCode } from "../../../../src/qr/read/read-qr-code.js";
import { readPayload } from "../../../../src/qr/read/source.js";
import { expectFailure } from "../../../support/failures.js";
import { payloadOf } from "../../../support/pictures.js";

const payload = payloadOf("unstable_intent_0");
const base64 = Buffer.from(payload).toString("base64");
const none = new AbortController().signal;

function read(
  content: string | Uint8Array,
  readPicture: typeof readQrCode = readQrCode,
): Promise<Uint8Array> {
  return readPayload("-", { stdin: Readable.from([Buffer.from(content)]), readPicture, signal: none });
}

function readArgument(source: string): Promise<Uint8Array> {
  return readPayload(source, { stdin: Readable.from([]), readPicture: readQrCode, signal: none });
}

describe("what is handed in instead of a code is named", () => {
  it.each<[string, string | Uint8Array, RegExp, RegExp]>([
    ["nothing", " \r\n", /nothing in it/, /Give a picture/],
    ["a note", "Meet me at eight.\n", /a text without a sign-in code/, /base64 or hex/],
    ["a web address", "https://example.org/code.png\n", /a web address, and nothing is fetched/, /curl -o/],
    ["a web page", '<!doctype html><img src="code.png">', /a web page without a code/, /screenshot/],
    ["a session", '{"access_token":"secret","device_id":"D"}', /a session, not a QR code/, /other device/],
    ["a PDF", "%PDF-1.7\n%%EOF", /a PDF/, /screenshot.*pdftoppm/],
    ["a PDF with bytes", Buffer.from("%PDF-1.7\n%\u00e2\u00e3\0", "latin1"), /a PDF/, /screenshot/],
    [
      "a PDF in base64",
      Buffer.from("%PDF-1.7 and so on, to the end").toString("base64"),
      /a PDF/,
      /screenshot/,
    ],
    ["an office document", Buffer.from("PK\u0003\u0004\0\0", "latin1"), /office document/, /by itself/],
    ["a video", Buffer.from("\0\0\0\u0020ftypisom\0\0", "latin1"), /a video/, /one picture/],
    ["a compressed text", gzipSync(base64), /^Compressed files are not read\.$/, /^Unpack it first/],
    ["an empty file", "", /nothing in it/, /Give a picture/],
  ])("%s", async (_, content, message, hint) => {
    const failure = await expectFailure("picture_unreadable", () => read(content));
    expect(failure.message).toMatch(message);
    expect(failure.hint).toMatch(hint);
    expect(failure.message).not.toContain("secret");
  });

  it.each([
    ["https://example.org/code.png", /^https:\/\/example.org\/code.png is a web address/, /download it/],
    ["HTTP://example.org/qr?id=7", /web address/, /download it/],
    ["https://matrix.to/#/@a:b", /^https:\/\/matrix\.to\/#\/@a:b is a web address/, /On the other device/],
    ["www.example.org/code.png", /web address/, /download it/],
    ["blob:https://app.example.org/1-2", /only one app understands/, /Save the picture/],
    ["file://server/share/code.png", /names no file of this machine/, /path of a picture/],
  ])("as the argument: %s", async (source, message, hint) => {
    const failure = await expectFailure("source_not_found", () => readArgument(source));
    expect(failure.message).toMatch(message);
    expect(failure.hint).toMatch(hint);
  });

  it("a picture in a text that shows no code, as such a picture", async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"/>';
    await expectFailure("no_qr_code", () => readArgument(`data:image/svg+xml,${encodeURIComponent(svg)}`));
  });
});

describe("a payload is called damaged", () => {
  it.each([
    ["its end is missing", base64.slice(0, 90)],
    ["a log has cut it", `2026-01-02T03:04:05Z matrix-qr-login scan ${base64.slice(0, 60)}…`],
    ["a letter is missing", `scan ${base64.slice(0, 41)}${base64.slice(42)}`],
    ["a digit of its hex is missing", `hex: ${Buffer.from(payload).toString("hex").slice(0, -1)}`],
  ])("when %s", async (_, text) => {
    const failure = await read(text).then(
      (bytes) => bytes,
      (error: unknown) => error,
    );
    // Either it says so itself, or what reads its bytes will.
    expect(failure).not.toEqual(payload);
    if (!(failure instanceof Uint8Array)) expect(failure).toMatchObject({ code: "malformed_sign_in_code" });
  });
});

describe("a text is searched within bounds", () => {
  it("of its size", async () => {
    const text = `${" ".repeat(MAX_TEXT_BYTES)}${base64}`;
    await expectFailure("picture_unreadable", () => read(text));
  });

  it("of the number of its pictures", async () => {
    const png = Buffer.from(await qrPng(Buffer.from("https://example.org/")));
    const images = Array.from({ length: 50 }, (_, i) => {
      const other = Buffer.concat([png, Buffer.from(String(i))]);
      return `<img src="data:image/png;base64,${other.toString("base64")}">`;
    });
    let count = 0;
    await read(images.join("\n"), async () => {
      count++;
      return Buffer.from("something else");
    });
    expect(count).toBeLessThanOrEqual(8);
  });

  it("of the number of its drawings", async () => {
    const drawing = `${`${"█".repeat(45)}\n`.repeat(23)}and\nso on\n`;
    let count = 0;
    const reading = read(drawing.repeat(200), async () => {
      count++;
      throw new Failure("no_qr_code");
    });
    await expectFailure("picture_unreadable", () => reading);
    expect(count).toBeLessThanOrEqual(16);
  });
});
