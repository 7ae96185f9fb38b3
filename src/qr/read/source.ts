import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { decodeText } from "../../files/decode-text.js";
import { fileError } from "../../files/file-error.js";
import { openReadable } from "../../files/open-readable.js";
import { readInput } from "../../files/read-bounded.js";
import { errorCode } from "../../foundation/error-code.js";
import { escapeText } from "../../foundation/escape-text.js";
import { Failure } from "../../foundation/failures.js";
import { recogniseQrCode } from "../../protocol/qr-code.js";
import { MAX_PICTURE_BYTES, MAX_TEXT_BYTES } from "./limits.js";
import { refuseOtherFiles } from "./other-files.js";
import { isSvg } from "./svg.js";
import { otherContentIn } from "./text/other-content.js";
import { payloadAsItIs } from "./text/payloads.js";
import { readText } from "./text/read-text.js";
import { addressIn, describeText } from "./text/what-it-is.js";

/** Errors of `open` that say that the text is no path of a file here. */
const NO_SUCH_FILE = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ERR_INVALID_ARG_VALUE"]);

/** A word is more likely a file's name that was mistyped than anything else. */
const NAME = /^[^\s\p{Cc}]{1,255}$/u;

/** Control characters that texts have: tab, line and page breaks, escape. */
const TEXT_CONTROLS = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x1b]);

/** Finds the QR code in a picture: `readQrCode`, wherever it runs. Rejects with the signal's reason, too. */
export type ReadPicture = (picture: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>;

export interface SourceWorld {
  readonly stdin: Readable;
  readonly readPicture: ReadPicture;
  readonly signal: AbortSignal;
}

/**
 * What `<source>` on the command line stands for: an existing file, by its path or its `file:` URI, `-` for standard
 * input, both of them a picture or a text, or the text itself. A text is anything with a code in it: see `readText`.
 *
 * @returns the bytes in the QR code
 * @throws {Failure} `source_not_found`, `file_error`, `malformed_sign_in_code`, `several_sign_in_codes`,
 *   `picture_unreadable`, and what `readPicture` rejects with
 */
export async function readPayload(source: string, world: SourceWorld): Promise<Uint8Array> {
  const content =
    source === "-" ? await readAll(world.stdin, world.signal) : await readNamed(source, world.signal);
  return content ? readContent(content, world) : readArgument(source, world);
}

/** A text that names no file. */
async function readArgument(source: string, { readPicture, signal }: SourceWorld): Promise<Uint8Array> {
  const code = await readText(source, (picture) => readPicture(picture, signal));
  if (code) return code;
  const address = addressIn(source);
  if (address) throw new Failure("source_not_found", address.message, address);
  const isPath = /[/\\]|\.\w+$/.test(source);
  const other = otherContentIn(Buffer.from(source), source);
  if (other && !(isPath && recogniseQrCode(other) === "unknown")) return other;
  const isName = isPath || NAME.test(source);
  throw new Failure("source_not_found", isName ? `There is no file "${escapeText(source)}".` : undefined);
}

/** What a file or standard input holds. */
async function readContent(content: Uint8Array, { readPicture, signal }: SourceWorld): Promise<Uint8Array> {
  const read = (picture: Uint8Array) => readPicture(picture, signal);
  const text = content.length > MAX_TEXT_BYTES ? undefined : textOf(content);
  if (content.length === 0) return read(content);
  if (text === undefined) return payloadAsItIs(content) ?? read(content);
  if (isSvg(text)) {
    try {
      return await read(content);
    } catch (error) {
      // The pictures in it are not drawn.
      const code = error instanceof Failure && error.code === "no_qr_code" && (await readText(text, read));
      if (code) return code;
      throw error;
    }
  }
  const code = (await readText(text, read)) ?? otherContentIn(content, text);
  if (code) return code;
  // No text has zeros, and what else has them is for those who know pictures.
  if (text.includes("\0")) return read(content);
  refuseOtherFiles(content);
  const { message, hint } = describeText(text);
  throw new Failure("picture_unreadable", message, { hint });
}

/** Old programs write one byte a character. Pictures and other files have bytes that no text has. */
function textOf(content: Uint8Array): string | undefined {
  const isText = !content.some((byte) => byte < 0x20 && !TEXT_CONTROLS.has(byte));
  return decodeText(content) ?? (isText ? Buffer.from(content).toString("latin1") : undefined);
}

/** The first of these names that is one of a file here: shells and file managers leave quotes and URIs. */
async function readNamed(source: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const content = await readFile(source, signal);
  const path = content ? source : pathIn(source);
  return content ?? (path === source ? undefined : readFile(path, signal));
}

function pathIn(source: string): string {
  const bare = /^\s*["'`<]?(.{1,4096}?)["'`>]?\s*$/.exec(source)?.[1] ?? source;
  if (!/^file:/i.test(bare)) return bare;
  try {
    return fileURLToPath(bare);
  } catch (cause) {
    throw new Failure("source_not_found", `${escapeText(bare)} names no file of this machine.`, { cause });
  }
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
    if (stats.isDirectory()) {
      throw new Failure("picture_unreadable", `${escapeText(path)} is a directory.`, {
        hint: "Give the path of a file in it: a picture of the code, or its payload as text.",
      });
    }
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
