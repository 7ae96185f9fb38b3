import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { Failure } from "../../../../src/foundation/failures.js";
import { readPayload } from "../../../../src/qr/read/source.js";
import { payloadOf } from "../../../support/pictures.js";

/** Of different lengths, so that the last row is short or full. */
const payloads = ["unstable_intent_0", "stable_intent_1", "2024_mode_3", "2024_mode_4"].map(payloadOf);

async function read(text: string): Promise<string> {
  const readPicture = () => Promise.reject(new Failure("no_qr_code"));
  const world = { readPicture, signal: new AbortController().signal };
  return Buffer.from(
    await readPayload("-", { ...world, stdin: Readable.from([Buffer.from(text)]) }),
  ).toString("hex");
}

function rows(bytes: Uint8Array, row: (cells: string[], at: number, letters: string) => string, size = 16) {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const piece = Buffer.from(bytes.subarray(at, at + size));
    const letters = piece.toString("latin1").replace(/[^ -~]/g, ".");
    lines.push(row(piece.toString("hex").match(/../g) ?? [], at, letters));
  }
  return lines.join("\n");
}

const offset = (at: number, digits = 8) => at.toString(16).padStart(digits, "0");
const pairs = (cells: string[]) => cells.join("").match(/.{1,4}/g) ?? [];
const words = (cells: string[]) =>
  pairs(cells).map((pair) => pair.padEnd(4, "0").replace(/(..)(..)/, "$2$1"));

const dumps: Readonly<Record<string, (bytes: Uint8Array) => string>> = {
  xxd: (bytes) =>
    rows(bytes, (cells, at, letters) => `${offset(at)}: ${pairs(cells).join(" ").padEnd(39)}  ${letters}`),
  "xxd -c 32": (bytes) =>
    rows(
      bytes,
      (cells, at, letters) => `${offset(at)}: ${pairs(cells).join(" ").padEnd(79)}  ${letters}`,
      32,
    ),
  "xxd -c 8": (bytes) =>
    rows(bytes, (cells, at, letters) => `${offset(at)}: ${pairs(cells).join(" ").padEnd(19)}  ${letters}`, 8),
  "hexdump -C": (bytes) => {
    const table = rows(bytes, (cells, at, letters) => {
      const halves = `${cells.slice(0, 8).join(" ").padEnd(23)}  ${cells.slice(8).join(" ").padEnd(23)}`;
      return `${offset(at)}  ${halves}  |${letters}|`;
    });
    return `${table}\n${offset(bytes.length)}\n`;
  },
  hexdump: (bytes) =>
    `${rows(bytes, (cells, at) => `${offset(at, 7)} ${words(cells).join(" ")}`)}\n${offset(bytes.length, 7)}\n`,
  "od -A x -t x1z": (bytes) =>
    rows(bytes, (cells, at, letters) => `${offset(at, 6)} ${cells.join(" ").padEnd(47)}  >${letters}<`),
  "xxd -p": (bytes) => Buffer.from(bytes).toString("hex").replace(/.{60}/g, "$&\n"),
};

describe.each(Object.entries(dumps))("%s", (_, dump) => {
  it.each(payloads.map((payload) => [payload.length, payload] as const))(
    "of a payload of %i bytes is read, however short its last row is, and of its base64 too",
    async (_length, payload) => {
      const hex = Buffer.from(payload).toString("hex");
      const base64 = Buffer.from(payload).toString("base64");
      expect(await read(dump(payload))).toBe(hex);
      expect(await read(dump(Buffer.from(base64)))).toBe(hex);
      expect(await read(dump(Buffer.from(`${base64}\n`)))).toBe(hex);
    },
  );

  it("of a text that begins as payloads do is not called a damaged one", async () => {
    for (const text of [
      "MATRIX is a protocol, and this is a text about it.\n",
      "About MATRIX\n",
      "It begins with IO_ELEMENT_MSC4388.\n",
    ]) {
      const outcome = await read(dump(Buffer.from(text))).catch((error: Failure) => error.code);
      expect(outcome).not.toBe("malformed_sign_in_code");
    }
  });
});

it("base64 of the base64 is unpacked once more", async () => {
  for (const payload of payloads) {
    const once = `${Buffer.from(payload).toString("base64")}\n`;
    const twice = Buffer.from(once).toString("base64").replace(/.{76}/g, "$&\n");
    expect(await read(`${twice}\n`)).toBe(Buffer.from(payload).toString("hex"));
  }
});
