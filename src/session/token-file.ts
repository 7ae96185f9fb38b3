import type { Secret } from "../foundation/secret.js";
import { removeFile, replaceFile } from "./files.js";

/** The file that programs read the local token of a session's proxy from: beside the session, for its owner alone. */

function tokenFileOf(path: string): string {
  return `${path.replace(/\.json$/, "")}.token`;
}

/**
 * @returns where it is
 * @throws {Failure} `file_error`
 */
export async function writeTokenFile(path: string, token: Secret): Promise<string> {
  const file = tokenFileOf(path);
  await replaceFile(file, `${token.reveal()}\n`);
  return file;
}

/** @throws {Failure} `file_error` */
export async function removeTokenFile(path: string): Promise<void> {
  await removeFile(tokenFileOf(path));
}
