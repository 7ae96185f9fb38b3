import { lstatSync, readlinkSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** Whose files are opened. On Windows all are the user's: there is no owner to be had. */

const MAX_LINKS = 40;

/** A file, or a link to one, is another user's. Its code is what messages tell. */
export class ForeignFile extends Error {
  override readonly name = "ForeignFile";
  readonly code = "it belongs to another user";
}

/** Whether an owner is neither the user nor the superuser, who can do all that the user can. */
export function isForeign(owner: number): boolean {
  const user = process.getuid?.();
  return user !== undefined && owner !== user && owner !== 0;
}

/** Whether a mode lets other users read or change something. */
export function isOpenToOthers(mode: number): boolean {
  return process.getuid !== undefined && (mode & 0o077) !== 0;
}

/** Where links lead that are all the user's. */
export interface OwnPath {
  readonly path: string;
  /** Whether it is a link all the same: one that only the system can follow, as to a pipe. */
  readonly isLink: boolean;
}

/**
 * Follows the links at the end of a path, none of which may be another user's: in a folder for all, such as /tmp, anybody
 * may plant one that leads to a file of the user's.
 *
 * @throws {ForeignFile}
 * @throws {Error} Node's
 */
export function followOwnLinks(path: string): OwnPath {
  let at = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    const stats = lstatSync(at, { throwIfNoEntry: false });
    if (!stats?.isSymbolicLink()) return { path: at, isLink: false };
    if (isForeign(stats.uid)) throw new ForeignFile();
    if (/^\/(?:proc|dev\/fd)\//.test(resolve(at))) return { path: at, isLink: true };
    at = resolve(dirname(at), readlinkSync(at));
  }
  // Opening it says ELOOP.
  return { path, isLink: true };
}
