import { errorCode } from "./error-code.js";

/** What the system's own errors mean, for whoever can do something about them. */

interface Meaning {
  /** A clause that goes on where "Can't read notes.txt:" ends. */
  readonly what: string;
  /** What to do, where that is more than to look at the path and its permissions. */
  readonly hint?: string;
}

const FULL = "Free some space there, or choose another place.";
const OPEN_FILES = "End other programs, or raise the limit of open files (ulimit -n).";

const MEANINGS: Readonly<Record<string, Meaning>> = {
  EACCES: { what: "permission denied" },
  EPERM: { what: "the system doesn't permit it" },
  EAGAIN: { what: "the system has no more processes or memory", hint: "End other programs, then try again." },
  EBUSY: { what: "it is in use" },
  EDQUOT: { what: "the user's disk quota is used up", hint: FULL },
  EEXIST: { what: "there is something of that name already" },
  EFBIG: { what: "the file would be larger than is allowed", hint: "Raise the limit (ulimit -f)." },
  EINVAL: { what: "its file system doesn't support that", hint: "Choose a place on another file system." },
  EIO: { what: "the device fails", hint: "Check the device that it is on, or choose another place." },
  EISDIR: { what: "it is a folder" },
  ELOOP: { what: "its symbolic links lead in a circle, or through too many others" },
  EMFILE: { what: "the program has too many files open", hint: OPEN_FILES },
  ENAMETOOLONG: { what: "the name is too long", hint: "Choose a shorter name or path." },
  ENFILE: { what: "the system has too many files open", hint: OPEN_FILES },
  ENOENT: { what: "there is no such file or folder" },
  ENOMEM: { what: "the system has no more memory", hint: "End other programs, then try again." },
  ENOSPC: { what: "no space is left on the disk", hint: FULL },
  ENOTDIR: { what: "a part of its path is no folder" },
  ENOTSUP: { what: "its file system doesn't support that", hint: "Choose a place on another file system." },
  ENXIO: { what: "nobody reads what is written there" },
  EPIPE: { what: "nobody reads on" },
  EROFS: { what: "its file system is read-only", hint: "Choose a place that can be written to." },
  ESTALE: { what: "the network drive has lost it", hint: "Mount the drive again, or choose another place." },
  ETIMEDOUT: { what: "the network drive doesn't answer", hint: "Check the drive, or choose another place." },
};

/**
 * What went wrong, as a clause with the system's own name for it, and what to do where that is something special.
 *
 * @param error one of Node's, or anything else that was thrown
 */
export function describeSystemError(error: unknown): Meaning {
  const code = errorCode(error);
  if (code === undefined) return { what: "unknown error" };
  const meaning = MEANINGS[code];
  return meaning ? { ...meaning, what: `${meaning.what} (${code})` } : { what: code };
}

/** An error that the operating system answered a call with. Its message is Node's. */
export interface SystemError extends Error {
  readonly code: string;
  /** The call, as in `open` or `spawn firefox`. */
  readonly syscall: string;
  readonly path?: string;
}

export function isSystemError(error: unknown): error is SystemError {
  return errorCode(error) !== undefined && typeof (error as Partial<SystemError>).syscall === "string";
}
