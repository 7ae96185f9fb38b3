import type { Readable } from "node:stream";
import { endOf } from "../foundation/caller-abort.js";
import type { Clock } from "../foundation/clock.js";
import type { AccountHomeserver } from "../protocol/homeserver.js";
import { openSecretStorageFrom, type RecoveryKeySource } from "../secret-storage/key-source.js";
import { checkOwner, checkSession } from "./check.js";
import { readSource } from "./files.js";
import { withSessionLock } from "./lock.js";
import { type PortableSession, parsePortableSession, type StoredSession } from "./session-file.js";
import type { SessionStore } from "./store.js";

/**
 * Reads a portable session from a file, a pipe, or with `-` from stdin.
 * @throws {Failure} `session_invalid`, `file_error`; the signal's reason
 */
export async function readPortableSession(
  source: string,
  stdin: Readable,
  signal: AbortSignal,
): Promise<PortableSession> {
  const { text, origin } = await readSource(source, stdin, signal);
  return parsePortableSession(text, origin);
}

/**
 * Creates the session file and checks it at the homeserver. It is on disk first because the check may have to
 * refresh: from then on this copy is the only good one, so it is kept even if the check fails.
 *
 * @param homeserver takes its access token from the file at `path`; absent for an import without a check
 * @param recoveryKey opens the account's secret storage, whose secrets take the place of the session's
 * @throws {Failure} what `checkSession` and `openSecretStorageFrom` throw; `session_exists`, `file_error`
 */
export async function importSession(
  portable: PortableSession,
  store: SessionStore,
  path: string,
  homeserver: AccountHomeserver | undefined,
  clock: Clock,
  signal: AbortSignal,
  recoveryKey?: RecoveryKeySource,
): Promise<StoredSession> {
  const session: StoredSession = {
    ...portable,
    state: homeserver ? "unconfirmed" : "complete",
    created_at: clock.date().toISOString(),
  };
  await store.create(path, session);
  if (!homeserver) return session;
  try {
    const stored = recoveryKey && (await secretsOf(portable, homeserver, recoveryKey, signal));
    const checked = { ...portable, ...stored };
    await checkSession(checked, homeserver, signal);
    const changes = { state: "complete", ...stored } as const;
    return await withSessionLock(path, clock, signal, () => store.update(path, changes));
  } catch (error) {
    const { access_token } = await store.read(path);
    if (!access_token.equals(portable.access_token)) {
      throw endOf(error, signal).with({
        session: path,
        hint: "Its tokens were refreshed, so only the imported copy is good. Check that session later.",
      });
    }
    await store.remove(path);
    throw error;
  }
}

/** Of the account's secret storage, once it is known whose the token is. */
async function secretsOf(
  portable: PortableSession,
  homeserver: AccountHomeserver,
  recoveryKey: RecoveryKeySource,
  signal: AbortSignal,
): Promise<Pick<PortableSession, "secrets">> {
  await checkOwner(portable, homeserver, signal);
  return { secrets: await openSecretStorageFrom(recoveryKey, homeserver, portable.user_id, signal) };
}
