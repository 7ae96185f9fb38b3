import { close, constants, createReadStream, fstat, open, type Stats } from "node:fs";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { promisify } from "node:util";

/** A file or a pipe that is open for reading. Destroying the stream closes it. */
export interface OpenReadable {
  readonly stats: Stats;
  readonly stream: Readable;
}

/**
 * Opens a file, a pipe or a device. Neither this nor reading blocks a thread of the process, as an ordinary
 * open of a named pipe without a writer does: then not even a signal would end it.
 *
 * @throws {Error} Node's, such as `ENOENT`
 */
export async function openReadable(path: string): Promise<OpenReadable> {
  const fd = await promisify(open)(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = await promisify(fstat)(fd);
    const stream = stats.isFIFO()
      ? new Socket({ fd, readable: true, writable: false })
      : createReadStream("", { fd });
    return { stats, stream };
  } catch (error) {
    await promisify(close)(fd);
    throw error;
  }
}
