import { mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileError } from "../files/file-error.js";
import { createPrivateFile } from "../files/private-file.js";
import { errorCode } from "../foundation/error-code.js";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import type { DevHomeserver, ExistingSession } from "./dev-homeserver.js";

/** What there is of a homeserver to hand its session out. */
type Served = Pick<DevHomeserver, "existingSession" | "close">;

/**
 * Runs a development homeserver, with the session of its existing device in a file, for as long as `use` takes.
 *
 * @param start starts it
 * @param sessionFile where the session is written, for this user alone; by default into a fresh folder
 * @param temporaryFolder where that folder is made
 * @param use given the homeserver and the session's path
 * @throws {Failure} `usage_error` where it can't listen, `session_exists` where there is a file already,
 *   `file_error`, and what `start` and `use` throw
 */
export async function withDevHomeserver<Server extends Served>(
  start: () => Promise<Server>,
  sessionFile: string | undefined,
  temporaryFolder: string,
  use: (server: Server, session: string) => Promise<void>,
): Promise<void> {
  const server = await listening(start);
  try {
    const file = await writeSession(server.existingSession, sessionFile, temporaryFolder);
    try {
      await use(server, file.path);
    } finally {
      // It is of no use without the server.
      await rm(file.remove, { recursive: true, force: true });
    }
  } finally {
    await server.close();
  }
}

async function listening<Server>(start: () => Promise<Server>): Promise<Server> {
  try {
    return await start();
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    const reason = cause instanceof Error ? escapeText(cause.message) : "";
    throw new Failure("usage_error", `The homeserver can't listen there: ${reason}`, {
      hint: "Choose another port, or another address to listen on.",
      cause,
    });
  }
}

/** Over no other file. */
async function writeSession(
  session: ExistingSession,
  sessionFile: string | undefined,
  temporaryFolder: string,
): Promise<{ readonly path: string; readonly remove: string }> {
  const path = sessionFile ?? join(await mkdtemp(join(temporaryFolder, "matrix-qr-login-")), "existing.json");
  try {
    await createPrivateFile(path, `${JSON.stringify(session, undefined, 2)}\n`);
  } catch (cause) {
    if (errorCode(cause) === "EEXIST") {
      throw new Failure("session_exists", undefined, { session: path, cause });
    }
    throw fileError("write", path, cause);
  }
  return { path, remove: sessionFile ?? dirname(path) };
}
