import { randomBytes, randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  openSync,
  unlinkSync,
} from "node:fs";
import { link, open, readdir, realpath, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCode } from "../foundation/error-code.js";
import { ForeignFile, followOwnLinks, isForeign } from "./owner.js";

/** Files that only their owner may read (mode 0600). All errors are Node's, such as `ENOSPC`. */

/** What follows a file's name while its new content is written beside it: a dot and a random UUID. */
const TEMPORARY_SUFFIX = /^\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SUFFIX_LENGTH = 37;

/** How much older than another one a temporary is, in milliseconds, if whoever wrote it has died. */
const ABANDONED_MS = 60_000;

/**
 * Makes a new file. It is whole and on disk when this resolves, and not there when this rejects.
 *
 * @throws {Error} `EEXIST` where something is there already, even a symbolic link that leads nowhere
 */
export async function createPrivateFile(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  await writeNew(temporary, content);
  try {
    // It gets its name once it is whole. A rename would take somebody's place.
    await link(temporary, path);
  } catch (error) {
    if (errorCode(error) === "EEXIST") throw error;
    // A file system without links.
    await writeNew(path, content);
  } finally {
    await unlink(temporary);
  }
  await syncDirectory(dirname(path));
}

/**
 * Replaces a file's content, atomically: a reader sees the old content or the new one, which is on disk when this
 * resolves. What can't be written whole is not put in place, and nobody else's file is written into. What somebody
 * who was killed meanwhile has left beside the file is deleted.
 *
 * @throws {ForeignFile} for another user's link
 */
export async function replacePrivateFile(path: string, content: string | Uint8Array): Promise<void> {
  // A symbolic link of the user's stays one; its target is what is replaced.
  const { path: target } = followOwnLinks(path);
  const temporary = `${target}.${randomUUID()}`;
  await writeNew(temporary, content);
  try {
    const { mtimeMs } = await stat(temporary);
    await deleteTemporariesOf(target, mtimeMs - ABANDONED_MS);
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(target));
}

/** Room on the disk for what a file is to hold next, taken before anybody knows what that is. */
export interface ReservedRoom {
  /** Replaces the file's content as `replacePrivateFile` does. What needs no more than was reserved needs no more room. */
  replace(content: string): Promise<void>;
  /** Gives the room back that was not used. */
  release(): Promise<void>;
}

/** @throws {Error} `ENOSPC`, `EDQUOT` and the like where there is not so much room */
export async function reservePrivateFile(path: string, bytes: number): Promise<ReservedRoom> {
  const target = await realpath(path).catch(() => path);
  const temporary = `${target}.${randomUUID()}`;
  // Not a hole: the blocks have to be there.
  await writeNew(temporary, Buffer.alloc(bytes, " "));
  return {
    async replace(content) {
      const file = await open(temporary, "r+");
      try {
        await file.writeFile(content);
        await file.truncate(Buffer.byteLength(content));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, target);
      await syncDirectory(dirname(target));
    },
    release: () => unlink(temporary).catch(ignoreMissing),
  };
}

/**
 * Finds out whether a file of this name and size could be created and replaced, by doing so under other names. Nothing
 * is left of it.
 */
export async function tryPrivateFile(path: string, bytes: number): Promise<void> {
  const [first, second] = [`${path}.${randomUUID()}`, `${path}.${randomUUID()}`];
  // What some file systems would compress tells nothing about the space that is left.
  await writeNew(first, randomBytes(bytes));
  try {
    // While a file is replaced, there is its successor too.
    await writeNew(second, randomBytes(bytes));
    await rename(second, first);
  } catch (error) {
    await unlink(second).catch(() => undefined);
    throw error;
  } finally {
    await unlink(first);
  }
}

/**
 * Gives a file another name on the same file system.
 *
 * @throws {Error} `EEXIST` where something has that name already; others where the file system has no links
 */
export async function movePrivateFile(path: string, renamed: string): Promise<void> {
  // A rename would overwrite. Without a pause between the two, so that hardly anything can leave both names behind.
  linkSync(path, renamed);
  try {
    unlinkSync(path);
  } catch (error) {
    unlinkSync(renamed);
    throw error;
  }
  await syncDirectory(dirname(renamed));
}

/**
 * Deletes a file for good: what a symbolic link leads to with the link, and what somebody who was killed while writing
 * it has left beside it.
 */
export async function deletePrivateFile(path: string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  await deleteTemporariesOf(target);
  await unlink(target);
  await syncDirectory(dirname(target));
  // Nothing is there any more unless it was a link.
  await unlink(path).catch(ignoreMissing);
  await syncDirectory(dirname(path));
}

/**
 * Deletes what those who were killed while writing have left in a folder, whether or not their file ever came to be.
 *
 * @param fresh a file there that was written just now
 * @param isOurs whether a file of this name is one of those that are meant
 */
export async function deleteAbandonedBeside(fresh: string, isOurs: (name: string) => boolean): Promise<void> {
  const written = await stat(fresh).catch(() => undefined);
  if (!written) return;
  const folder = dirname(fresh);
  const files = await readdir(folder).catch(() => []);
  const temporaries = files.filter((file) => TEMPORARY_SUFFIX.test(file.slice(-SUFFIX_LENGTH)));
  const names = new Set(temporaries.map((file) => file.slice(0, -SUFFIX_LENGTH)).filter(isOurs));
  for (const name of names) await deleteTemporariesOf(join(folder, name), written.mtimeMs - ABANDONED_MS);
}

/** @param before deletes only those last written before this time, in milliseconds since 1970 */
async function deleteTemporariesOf(target: string, before = Number.POSITIVE_INFINITY): Promise<void> {
  const [folder, name] = [dirname(target), basename(target)];
  const isTemporary = (file: string) =>
    file.startsWith(name) && TEMPORARY_SUFFIX.test(file.slice(name.length));
  // A folder that may be written to but not listed: nothing can be found there.
  const files = await readdir(folder).catch(() => []);
  for (const file of files.filter(isTemporary).map((left) => join(folder, left))) {
    // Of two that find it, one deletes it.
    const written = await stat(file).catch(() => undefined);
    if (written && written.mtimeMs < before) await unlink(file).catch(ignoreMissing);
  }
}

function ignoreMissing(error: unknown): void {
  if (errorCode(error) !== "ENOENT") throw error;
}

/**
 * Opens a file for writing line by line. What was there under that name is overwritten. A pipe or a device may have that
 * name, too: none of them is ever waited for.
 *
 * @returns the file descriptor, for the synchronous functions of node:fs, whose writes may fail with `EAGAIN`
 * @throws {ForeignFile} for another user's file or link
 */
export function openPrivateFile(path: string): number {
  const { path: target, isLink } = followOwnLinks(path);
  const { O_CREAT, O_NOFOLLOW = 0 } = constants;
  const file = openWithoutWaiting(target, O_CREAT | (isLink ? 0 : O_NOFOLLOW));
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) return file;
    if (isForeign(stats.uid)) throw new ForeignFile();
    // The mode above counts for new files alone.
    fchmodSync(file, 0o600);
    ftruncateSync(file);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** A named pipe that nobody reads yet would be waited for without end, and no signal be heard meanwhile. */
function openWithoutWaiting(path: string, flags: number): number {
  const { O_WRONLY, O_RDWR, O_NONBLOCK = 0 } = constants;
  try {
    return openSync(path, flags | O_WRONLY | O_NONBLOCK, 0o600);
  } catch (error) {
    if (errorCode(error) !== "ENXIO") throw error;
    // Who has it open for reading as well may write before somebody else reads.
    return openSync(path, flags | O_RDWR | O_NONBLOCK, 0o600);
  }
}

async function writeNew(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(content);
    await file.sync().catch(ignoreUnsupported);
    await file.close();
  } catch (error) {
    await file.close().catch(() => undefined);
    await unlink(path).catch(() => undefined);
    throw error;
  }
}

/** Some file systems can't say when something is on disk. */
function ignoreUnsupported(error: unknown): void {
  if (!["EINVAL", "ENOSYS", "ENOTSUP"].includes(errorCode(error) ?? "")) throw error;
}

/** A new name, or that one is gone, survives a power cut only once the directory is on disk too. */
async function syncDirectory(path: string): Promise<void> {
  try {
    const directory = await open(path, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch {
    // Windows and some file systems can't; the file itself is on disk.
  }
}
