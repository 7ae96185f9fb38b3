import { addAbortSignal, type Readable } from "node:stream";
import { fileError } from "./file-error.js";

/**
 * Reads a stream of bytes to its end, if that comes within a bound. What is more is left unread, and the stream is
 * destroyed.
 *
 * @returns all its bytes; undefined where there are more than `maxBytes`
 */
export async function readBounded(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Reads what somebody hands in, which may be slow to come and never end: a file, a pipe, stdin.
 *
 * @param origin where it is from, for the message: a path or "stdin"
 * @returns all its bytes; undefined where there are more than `maxBytes`
 * @throws {Failure} `file_error`; the signal's reason when that is aborted first
 */
export async function readInput(
  stream: Readable,
  origin: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  try {
    return await readBounded(addAbortSignal(signal, stream), maxBytes);
  } catch (error) {
    signal.throwIfAborted();
    throw fileError("read", origin, error);
  }
}
