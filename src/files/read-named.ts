import { fileError } from "./file-error.js";
import { openReadable } from "./open-readable.js";
import { readInput } from "./read-bounded.js";

/**
 * Reads a file or a pipe that somebody names.
 *
 * @returns all its bytes; undefined where there are more than `maxBytes`
 * @throws {Failure} `file_error`; the signal's reason when that is aborted first
 */
export async function readNamed(
  path: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const { stream } = await openReadable(path).catch((error: unknown) => {
    throw fileError("read", path, error);
  });
  try {
    return await readInput(stream, path, maxBytes, signal);
  } finally {
    stream.destroy();
  }
}
