import { mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileError } from "../files/file-error.js";
import { createPrivateFile } from "../files/private-file.js";
import { errorCode } from "../foundation/error-code.js";
import { Failure } from "../foundation/failures.js";
import type { DevHomeserver, ExistingSession } from "./dev-homeserver.js";

/** What there is of a homeserver to hand its account out. */
type Served = Pick<DevHomeserver, "existingSession" | "recoveryKey" | "close">;

/** Where the account is for other programs. Both are for this user alone, and gone afterwards. */
export interface ServedFiles {
  readonly session: string;
  readonly recoveryKeyFile: string;
}

/**
 * Runs a development homeserver, with the session of its existing device in a file and its account's recovery key
 * in another, for as long as `use` takes.
 *
 * @param start starts it
 * @param sessionFile where the session is written, for this user alone; by default into a fresh folder. The recovery
 *   key is written beside it, under the same name with `.recovery-key` behind.
 * @param temporaryFolder where that folder is made
 * @param use given the homeserver and the paths of both
 * @throws {Failure} `session_exists` where there is a session already, `file_error`; and what `start` and `use` throw
 */
export async function withDevHomeserver<Server extends Served>(
  start: () => Promise<Server>,
  sessionFile: string | undefined,
  temporaryFolder: string,
  use: (server: Server, files: ServedFiles) => Promise<void>,
): Promise<void> {
  const server = await start();
  try {
    const session = sessionFile ?? (await newSessionPath(temporaryFolder));
    const recoveryKeyFile = `${session}.recovery-key`;
    const written: string[] = [];
    try {
      await writeSession(server.existingSession, session);
      written.push(session);
      await write(recoveryKeyFile, server.recoveryKey);
      written.push(recoveryKeyFile);
      await use(server, { session, recoveryKeyFile });
    } finally {
      // They are of no use without the server.
      const ours = sessionFile === undefined ? [dirname(session)] : written;
      for (const path of ours) await rm(path, { recursive: true, force: true });
    }
  } finally {
    await server.close();
  }
}

async function newSessionPath(temporaryFolder: string): Promise<string> {
  return join(await mkdtemp(join(temporaryFolder, "matrix-qr-login-")), "existing.json");
}

async function writeSession(session: ExistingSession, path: string): Promise<void> {
  try {
    await write(path, JSON.stringify(session, undefined, 2));
  } catch (error) {
    if (!(error instanceof Failure) || errorCode(error.cause) !== "EEXIST") throw error;
    throw new Failure("session_exists", undefined, { session: path, cause: error });
  }
}

/** Over no other file. */
async function write(path: string, text: string): Promise<void> {
  try {
    await createPrivateFile(path, `${text}\n`);
  } catch (error) {
    throw fileError("write", path, error);
  }
}
