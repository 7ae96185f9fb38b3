import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { chmod, lstat, mkdir, open, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { addAbortSignal } from "node:stream";
import { openReadable } from "../files/open-readable.js";
import { replacePrivateFile } from "../files/private-file.js";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";

/** Files that only their owner may read, on disk by the time a call resolves. */

/** Upper bound of a session, in bytes. */
export const MAX_SESSION_BYTES = 1024 * 1024;

/** @throws {Failure} `session_not_found`, `session_invalid`, `file_error` */
export async function readSessionFile(path: string): Promise<string> {
  try {
    // Without O_NONBLOCK opening a pipe would wait for its writer.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      if (!(await file.stat()).isFile()) throw unusableSession(path, "it is not a regular file");
      return await readSessionStream(
        file.createReadStream({ end: MAX_SESSION_BYTES, autoClose: false }),
        path,
      );
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (errorCode(error) === "ENOENT") {
      throw new Failure("session_not_found", `There is no session at ${escapeText(path, 1000)}.`);
    }
    throw fileError("read", path, error);
  }
}

/**
 * Reads what is handed in as a session or as its secrets: a file or a pipe.
 *
 * @throws {Failure} `session_invalid`, `file_error`; the signal's reason
 */
export async function readHandedIn(path: string, signal: AbortSignal): Promise<string> {
  try {
    const { stream } = await openReadable(path);
    try {
      return await readSessionStream(addAbortSignal(signal, stream), path);
    } finally {
      stream.destroy();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof Failure ? error : fileError("read", path, error);
  }
}

/**
 * @param origin where the text is from, for the message
 * @throws {Failure} `session_invalid`
 */
export async function readSessionStream(stream: AsyncIterable<Uint8Array>, origin: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_SESSION_BYTES) throw unusableSession(origin, "it is larger than 1 MiB");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw unusableSession(origin, "it is not UTF-8 text");
  }
}

/** @throws {Failure} `session_exists` when there is a file already, else `file_error` */
export async function createFile(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600).catch((error: unknown) => {
    throw errorCode(error) === "EEXIST" ? sessionExists(path) : fileError("create", path, error);
  });
  try {
    await file.writeFile(text);
    await file.sync();
    await file.close();
  } catch (error) {
    await file.close().catch(() => {});
    await unlink(path).catch(() => {});
    throw fileError("write", path, error);
  }
  await syncDirectory(dirname(path));
}

/** Replaces the whole file, atomically. */
export async function replaceFile(path: string, text: string): Promise<void> {
  try {
    await replacePrivateFile(path, text);
  } catch (error) {
    throw fileError("write", path, error);
  }
  await syncDirectory(dirname(path));
}

/** Deletes the file; nothing where there is none. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw fileError("delete", path, error);
  }
  await syncDirectory(dirname(path));
}

/**
 * Creates a file beside the path and deletes it again. That tells more than permission bits: of read-only
 * mounts, quotas and names that are too long.
 */
export async function checkCanCreateFile(path: string): Promise<void> {
  if (await isThere(path)) throw sessionExists(path);
  const trial = `${path}.${randomUUID()}`;
  try {
    await (await open(trial, "wx", 0o600)).close();
    await unlink(trial);
  } catch (error) {
    throw fileError("create", path, error);
  }
}

/** A symbolic link that leads nowhere is there too: a file can't be created in its place. */
async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw fileError("create", path, error);
  }
}

/** @param isOurs whether a directory that is there already has its mode set right */
export async function makeDirectory(path: string, isOurs: boolean): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    if (isOurs && process.platform !== "win32") await chmod(path, 0o700);
  } catch (error) {
    throw fileError("create the directory", path, error);
  }
}

/** A rename or a deletion survives a power cut only once the directory is on disk too. */
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

export function unusableSession(origin: string, what: string): Failure {
  return new Failure("session_invalid", `${escapeText(origin, 1000)} can't be used as a session: ${what}.`);
}

function sessionExists(path: string): Failure {
  return new Failure("session_exists", `There already is a session at ${escapeText(path, 1000)}.`);
}

export function fileError(verb: string, path: string, cause: unknown): Failure {
  const why = errorCode(cause) ?? "unknown error";
  return new Failure("file_error", `Can't ${verb} ${escapeText(path, 1000)}: ${why}.`, { cause });
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
