import type { Readable } from "node:stream";
import type { Failure } from "../foundation/failures.js";
import { decodeText } from "./decode-text.js";
import { fileError } from "./file-error.js";
import { openReadable } from "./open-readable.js";
import { readInput } from "./read-bounded.js";

const MIB = 1024 * 1024;

/** What kind of text is wanted. */
export interface TextKind {
  readonly maxBytes: number;
  /**
   * Makes the failure for what can't be that.
   *
   * @param origin where it is from: a path or "stdin"
   * @param what is wrong with it, as a clause
   */
  readonly unusable: (origin: string, what: string) => Failure;
}

/** A text, and what to call the place it is from: a path or "stdin". */
export interface OriginatedText {
  readonly text: string;
  readonly origin: string;
}

/**
 * Reads the text in a file or a pipe that somebody names.
 *
 * @throws {Failure} the kind's where it is too large or no UTF-8; `file_error`; the signal's reason
 */
export async function readNamedText(path: string, kind: TextKind, signal: AbortSignal): Promise<string> {
  const { stream } = await openReadable(path).catch((error: unknown) => {
    throw fileError("read", path, error);
  });
  try {
    return toText(await readInput(stream, path, kind.maxBytes, signal), path, kind);
  } finally {
    stream.destroy();
  }
}

/**
 * Reads the text in a file or a pipe that somebody names, or with `-` on stdin.
 *
 * @throws {Failure} the kind's where it is too large or no UTF-8; `file_error`; the signal's reason
 */
export async function readSourceText(
  source: string,
  stdin: Readable,
  kind: TextKind,
  signal: AbortSignal,
): Promise<OriginatedText> {
  if (source !== "-") return { text: await readNamedText(source, kind, signal), origin: source };
  const bytes = await readInput(stdin, "stdin", kind.maxBytes, signal);
  return { text: toText(bytes, "stdin", kind), origin: "stdin" };
}

/**
 * @param bytes undefined where there were too many
 * @throws {Failure} the kind's
 */
export function toText(
  bytes: Uint8Array | undefined,
  origin: string,
  { maxBytes, unusable }: TextKind,
): string {
  if (!bytes) {
    const limit = maxBytes % MIB === 0 ? `${maxBytes / MIB} MiB` : `${maxBytes} bytes`;
    throw unusable(origin, `it is larger than ${limit}`);
  }
  const text = decodeText(bytes);
  if (text === undefined) throw unusable(origin, "it is not UTF-8 text");
  return text;
}
