import { constants, type Stats } from "node:fs";
import { chmod, lstat, open, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { fileError } from "../files/file-error.js";
import { makeDirectories } from "../files/make-directories.js";
import { ForeignFile, isForeign, isOpenToOthers } from "../files/owner.js";
import {
  createPrivateFile,
  deletePrivateFile,
  movePrivateFile,
  replacePrivateFile,
  tryPrivateFile,
} from "../files/private-file.js";
import { readBounded } from "../files/read-bounded.js";
import {
  type OriginatedText,
  readNamedText,
  readSourceText,
  type TextKind,
  toText,
} from "../files/read-named.js";
import { errorCode } from "../foundation/error-code.js";
import { escapeText } from "../foundation/escape-text.js";
import type { Warning } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";

/** Files that only their owner may read, on disk by the time a call resolves. */

/** Upper bound of a session, in bytes. */
const MAX_SESSION_BYTES = 1024 * 1024;
/** As large as the session of a sign-in gets: two tokens of 16 KiB at most, its keys, names and URLs. */
const SIGN_IN_BYTES = 40 * 1024;
const SESSION_TEXT: TextKind = { maxBytes: MAX_SESSION_BYTES, unusable: unusableSession };

/** Told of what was found wrong with a session file, and put right. */
export type WarnOfFile = (warning: Pick<Warning, "code" | "message">) => void;

/**
 * Reads a session file, and sees to it that other users can neither read nor change it.
 *
 * @throws {Failure} `session_not_found`, `session_invalid`; `file_error`, also for another user's file
 */
export async function readSessionFile(path: string, warn?: WarnOfFile): Promise<string> {
  try {
    // Without O_NONBLOCK opening a pipe would wait for its writer.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const stats = await file.stat();
      if (!stats.isFile()) throw unusableSession(path, "it is not a regular file");
      if (isForeign(stats.uid)) throw new ForeignFile();
      await closeToOthers(`the session file ${escapeText(path, 1000)}`, 0o600, file, warn);
      const stream = file.createReadStream({ end: MAX_SESSION_BYTES, autoClose: false });
      return toText(await readBounded(stream, MAX_SESSION_BYTES), path, SESSION_TEXT);
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

/** Where a file system has no modes, there is nothing to put right. */
async function closeToOthers(
  what: string,
  mode: 0o600 | 0o700,
  file: { stat(): Promise<Stats>; chmod(mode: number): Promise<void> },
  warn: WarnOfFile | undefined,
): Promise<void> {
  const { mode: before } = await file.stat();
  if (!isOpenToOthers(before)) return;
  await file.chmod(mode).catch(() => undefined);
  const now = isOpenToOthers((await file.stat()).mode)
    ? "That can't be changed there"
    : "It is for you alone now";
  const could = (before & 0o022) === 0 ? "could read" : "could read and change";
  const message = `Other users of this machine ${could} ${what}. ${now}: sign out what one of them may have taken.`;
  warn?.({ code: "session_file_exposed", message });
}

/**
 * Sees to it that the folder of the user's sessions is for the user alone; nothing where there is none.
 *
 * @throws {Failure} `file_error`, also for another user's folder
 */
export async function keepDirectoryPrivate(path: string, warn?: WarnOfFile): Promise<void> {
  try {
    const { uid } = await stat(path);
    if (isForeign(uid)) throw new ForeignFile();
    const directory = { stat: () => stat(path), chmod: (mode: number) => chmod(path, mode) };
    await closeToOthers(`the folder ${escapeText(path, 1000)}`, 0o700, directory, warn);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw fileError("read", path, error);
  }
}

/**
 * Reads what is handed in as a session or as its secrets: a file or a pipe.
 *
 * @throws {Failure} `session_invalid`, `file_error`; the signal's reason
 */
export function readHandedIn(path: string, signal: AbortSignal): Promise<string> {
  return readNamedText(path, SESSION_TEXT, signal);
}

/**
 * Reads what is handed in as a session or as a token: a file, a pipe, or with `-` stdin.
 *
 * @throws {Failure} `session_invalid`, `file_error`; the signal's reason
 */
export function readSource(source: string, stdin: Readable, signal: AbortSignal): Promise<OriginatedText> {
  return readSourceText(source, stdin, SESSION_TEXT, signal);
}

/** @throws {Failure} `session_exists` when there is a file already, else `file_error` */
export async function createFile(path: string, text: string): Promise<void> {
  try {
    await createPrivateFile(path, text);
  } catch (error) {
    throw errorCode(error) === "EEXIST" ? sessionExists(path) : fileError("create", path, error);
  }
}

/** Replaces the whole file, atomically. */
export async function replaceFile(path: string, text: string): Promise<void> {
  try {
    await replacePrivateFile(path, text);
  } catch (error) {
    throw fileError("write", path, error);
  }
}

/**
 * Gives a file another name, over nothing that is there.
 *
 * @returns `taken` where something has that name; `kept` where the file could not be renamed, and keeps its own
 */
export async function moveFile(path: string, renamed: string): Promise<"moved" | "taken" | "kept"> {
  try {
    await movePrivateFile(path, renamed);
    return "moved";
  } catch (error) {
    return errorCode(error) === "EEXIST" ? "taken" : "kept";
  }
}

/** Deletes the file; nothing where there is none. */
export async function removeFile(path: string): Promise<void> {
  try {
    await deletePrivateFile(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw fileError("delete", path, error);
  }
}

/**
 * Writes files beside the path, as a sign-in would, and deletes them again. That tells more than permission bits: of
 * read-only mounts, full disks, quotas and names that are too long.
 */
export async function checkCanCreateFile(path: string): Promise<void> {
  if (await isThere(path)) throw sessionExists(path);
  try {
    await tryPrivateFile(path, SIGN_IN_BYTES);
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
    await makeDirectories(path);
    // On Windows this changes nothing.
    if (isOurs) await chmod(path, 0o700);
  } catch (error) {
    throw fileError("create the directory", path, error);
  }
}

export function unusableSession(origin: string, what: string): Failure {
  return new Failure("session_invalid", `${escapeText(origin, 1000)} can't be used as a session: ${what}.`);
}

function sessionExists(path: string): Failure {
  return new Failure("session_exists", `There already is a session at ${escapeText(path, 1000)}.`);
}
