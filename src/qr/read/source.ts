import type { Readable } from "node:stream";
import { fileError } from "../../files/file-error.js";
import { openReadable } from "../../files/open-readable.js";
import { readInput } from "../../files/read-bounded.js";
import { errorCode } from "../../foundation/error-code.js";
import { escapeText } from "../../foundation/escape-text.js";
import { Failure } from "../../foundation/failures.js";
import { decodeBase64 } from "../../protocol/base64.js";
import { recogniseQrCode } from "../../protocol/qr-code.js";
import { MAX_PICTURE_BYTES } from "./limits.js";

/** No QR code holds more than 2953 bytes; white space and hex included, this is plenty. */
const MAX_TEXT_BYTES = 64 * 1024;
/** Shorter texts are words or file names, all of which happen to be base64. */
const MIN_UNKNOWN_PAYLOAD = 24;

/** How a payload is spelt, and how a sign-in code ("IO_ELEMENT_MSC", "MATRIX") begins in that spelling. */
const SPELLINGS = [
  { decode: fromHex, beginning: /^(?:494f5f454c454d454e545f4d5343|4d4154524958)/i },
  { decode: fromBase64, beginning: /^(?:SU9fRUxFTUVOVF9NU0|TUFUUklY)/ },
];

/** Errors of `open` that say that the text is no path of a file here. */
const NO_SUCH_FILE = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ERR_INVALID_ARG_VALUE"]);

/** Finds the QR code in a picture: `readQrCode`, wherever it runs. Rejects with the signal's reason, too. */
export type ReadPicture = (picture: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>;

export interface SourceWorld {
  readonly stdin: Readable;
  readonly readPicture: ReadPicture;
  readonly signal: AbortSignal;
}

/**
 * What `<source>` on the command line stands for: an existing file, `-` for standard input, both of them a
 * picture or a text, or the payload itself as base64 (standard or URL-safe, padded or not) or hex.
 *
 * @returns the bytes in the QR code
 * @throws {Failure} `source_not_found`, `file_error`, `malformed_sign_in_code`, and what `readPicture` rejects with
 */
export async function readPayload(
  source: string,
  { stdin, readPicture, signal }: SourceWorld,
): Promise<Uint8Array> {
  const content = source === "-" ? await readAll(stdin, signal) : await readFile(source, signal);
  const payload = payloadIn(content ?? Buffer.from(source));
  if (!content) {
    const isPath = /[/\\]|\.\w+$/.test(source);
    if (payload && !(isPath && recogniseQrCode(payload) === "unknown")) return payload;
    throw new Failure("source_not_found", isPath ? `There is no file ${escapeText(source)}.` : undefined);
  }
  if (payload) return payload;
  return readPicture(content, signal);
}

/** The file's content, or undefined where there is no such file. */
async function readFile(path: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const file = await openReadable(path).catch((error: unknown) => {
    if (NO_SUCH_FILE.has(errorCode(error) ?? "")) return undefined;
    throw fileError("read", path, error);
  });
  if (!file) return undefined;
  const { stats, stream } = file;
  try {
    if (stats.isDirectory()) throw new Failure("picture_unreadable", `${escapeText(path)} is a directory.`);
    if (stats.size > MAX_PICTURE_BYTES) throw new Failure("picture_too_large");
    return await readAll(stream, signal);
  } finally {
    stream.destroy();
  }
}

async function readAll(stream: Readable, signal: AbortSignal): Promise<Uint8Array> {
  const content = await readInput(stream, "the source", MAX_PICTURE_BYTES, signal);
  if (!content) throw new Failure("picture_too_large");
  return content;
}

/**
 * A payload in base64 or hex, or a code's content as it is: what other programs that scan codes print. What is
 * known to be some code's content goes before what could be one.
 */
function payloadIn(content: Uint8Array): Uint8Array | undefined {
  if (content.length > MAX_TEXT_BYTES) return undefined;
  const text = Buffer.from(content).toString("latin1").replace(/\s/g, "");
  const decoded = SPELLINGS.map(({ decode }) => decode(text));
  const candidates = [content, ...decoded].filter((bytes) => bytes !== undefined);
  const known = candidates.find((bytes) => recogniseQrCode(bytes) !== "unknown");
  if (known) return known;
  if (SPELLINGS.some(({ beginning }, i) => beginning.test(text) && !decoded[i])) {
    throw new Failure(
      "malformed_sign_in_code",
      "This payload is damaged: it is neither whole base64 nor hex.",
    );
  }
  return text.length < MIN_UNKNOWN_PAYLOAD ? undefined : decoded.find((bytes) => bytes !== undefined);
}

function fromHex(text: string): Uint8Array | undefined {
  return /^(?:[0-9a-f]{2})+$/i.test(text) ? new Uint8Array(Buffer.from(text, "hex")) : undefined;
}

function fromBase64(text: string): Uint8Array | undefined {
  return decodeBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
}
