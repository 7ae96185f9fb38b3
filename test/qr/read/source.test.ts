import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Failure } from "../../../src/foundation/failures.js";
import { encodeBase64 } from "../../../src/protocol/base64.js";
import { qrPng } from "../../../src/qr/draw/picture.js";
import { MAX_PICTURE_BYTES } from "../../../src/qr/read/limits.js";
import { readQrCode } from "../../../src/qr/read/read-qr-code.js";
import { readPayload } from "../../../src/qr/read/source.js";
import { expectFailure } from "../../support/failures.js";
import { payloadOf } from "../../support/pictures.js";

const payload = payloadOf("2024_mode_4");
const base64 = Buffer.from(payload).toString("base64");
const hexText = Buffer.from(payload).toString("hex");
const foreign = Buffer.from("WIFI:T:WPA;S:some-network;P:some-secret;;");

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "qr-source-"));
});
afterAll(() => rm(directory, { recursive: true }));

function read(source: string, stdin: Readable = Readable.from([])): Promise<Uint8Array> {
  return readPayload(source, { stdin, readPicture: readQrCode, signal: new AbortController().signal });
}

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

const spellings = [
  ["base64", base64.replace(/=+$/, "")],
  ["padded base64", Buffer.from([...payload, 0]).toString("base64")],
  ["URL-safe base64", Buffer.from([...payload, 0xff, 0xfe]).toString("base64url")],
  ["hex", hexText],
  ["upper-case hex", hexText.toUpperCase()],
] as const;

describe("a payload is read as", () => {
  it.each(spellings)("%s, as the argument itself", async (_, text) => {
    expect(Buffer.from(await read(text)).subarray(0, payload.length)).toEqual(Buffer.from(payload));
  });

  it.each(spellings)("%s, from a text file, line breaks and all", async (name, text) => {
    const path = await file(`${name}.txt`, `${text.replace(/.{20}/g, "$&\n")}\r\n`);
    expect(Buffer.from(await read(path)).subarray(0, payload.length)).toEqual(Buffer.from(payload));
  });

  it("text from standard input, in whatever pieces it comes", async () => {
    const pieces = [...`${base64}\n`].map((character) => Buffer.from(character));
    expect(await read("-", Readable.from(pieces))).toEqual(payload);
  });

  it("the bytes themselves, which other scanners print", async () => {
    expect(new Uint8Array(await read("-", Readable.from([payload])))).toEqual(payload);
  });

  it("a picture from a file, a link to one, or standard input", async () => {
    const picture = await qrPng(payload);
    const path = await file("code", picture);
    await symlink(path, join(directory, "link"));
    expect(await read(path)).toEqual(payload);
    expect(await read(join(directory, "link"))).toEqual(payload);
    expect(await read("-", Readable.from([picture.subarray(0, 100), picture.subarray(100)]))).toEqual(
      payload,
    );
  });

  it("a file first, even if its name is a payload", async () => {
    const path = await file(hexText, await qrPng(foreign));
    const before = process.cwd();
    process.chdir(directory);
    try {
      expect(Buffer.from(await read(hexText))).toEqual(foreign);
    } finally {
      process.chdir(before);
      await rm(path);
    }
  });

  it("what it is known to be, where it is both hex and base64", async () => {
    // Forty-eight hex digits are base64 of thirty-six bytes too.
    const text = Buffer.from("MATRIX\u0002\u0003 and so on .....", "latin1").toString("hex");
    expect(Buffer.from(await read(text)).toString("latin1")).toMatch(/^MATRIX/);
  });

  it("another code's content too, for its reader to name it", async () => {
    expect(await read(encodeBase64(foreign).replaceAll("/", "_"))).toEqual(new Uint8Array(foreign));
  });
});

describe("a source is refused", () => {
  it.each(["code.png", "./code", "pictures/code", "no/such/file/abcdefghijklmn", "word", "deadbeef"])(
    "that looks like the path of a file which isn't there: %s",
    async (source) => {
      const failure = await expectFailure("source_not_found", () => read(source));
      expect(failure.message).toBe(`There is no file "${source}".`);
    },
  );

  it.each(["", "hello world", "é".repeat(3000), "x\u0000y"])(
    "that is neither a file nor a payload: %j",
    async (source) => {
      const failure = await expectFailure("source_not_found", () => read(source));
      expect(failure.message).toMatch(/no such file, and the text isn't what a QR code holds either/);
    },
  );

  it.each([
    ["a piece of it is missing", `${base64.slice(0, 40)}A${base64.slice(40, 80)}`],
    ["a digit is missing", hexText.slice(0, -1)],
    ["something else follows", `${base64}!`],
  ])("that is no whole payload, because %s", async (_, source) => {
    await expectFailure("malformed_sign_in_code", () => read(source));
    await expectFailure("malformed_sign_in_code", () => read("-", Readable.from([Buffer.from(source)])));
  });

  it("that is a directory", async () => {
    const failure = await expectFailure("picture_unreadable", () => read(directory));
    expect(failure.message).toBe(`${directory} is a directory.`);
    expect(failure.hint).toMatch(/a file in it/);
  });

  it("that can't be opened", async () => {
    await symlink("loop", join(directory, "loop"));
    const failure = await expectFailure("file_error", () => read(join(directory, "loop")));
    expect(failure.message).toContain("ELOOP");
  });

  it("whose name would steer the terminal, without doing so", async () => {
    const failure = await expectFailure("source_not_found", () => read("\u001b[2J\u202egnp.png"));
    expect(failure.message).toContain("\\u{1b}[2J\\u{202e}gnp.png");
  });

  it.each(["", "some other text\n"])("whose standard input is %j", async (text) => {
    await expectFailure("picture_unreadable", () => read("-", Readable.from([Buffer.from(text)])));
  });

  it("of more than 50 MB, from standard input after no more than that", async () => {
    const megabyte = new Uint8Array(1_000_000);
    let taken = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) {
          taken += megabyte.length;
          yield megabyte;
        }
      })(),
    );
    await expectFailure("picture_too_large", () => read("-", endless));
    // What the stream read ahead is on top.
    expect(taken).toBeLessThan(MAX_PICTURE_BYTES + 20 * megabyte.length);
  });

  it("of more than 50 MB, as a file", async () => {
    const path = await file("large.png", new Uint8Array(MAX_PICTURE_BYTES + 1));
    await expectFailure("picture_too_large", () => read(path));
  });
});

it("waiting for standard input ends with the signal's reason", async () => {
  const controller = new AbortController();
  const interrupted = new Failure("interrupted");
  const world = { stdin: new PassThrough(), readPicture: readQrCode, signal: controller.signal };
  const reading = readPayload("-", world);
  controller.abort(interrupted);
  await expect(reading).rejects.toBe(interrupted);
});
