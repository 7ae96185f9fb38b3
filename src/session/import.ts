import type { Readable } from "node:stream";
import { endOf } from "../foundation/caller-abort.js";
import type { Clock } from "../foundation/clock.js";
import type { AccountHomeserver } from "../protocol/homeserver.js";
import { rememberPublished } from "../protocol/remember-published.js";
import { openSecretStorageFrom, type RecoveryKeySource } from "../secret-storage/key-source.js";
import { checkOwner } from "./check.js";
import { examineSession, type SessionFinding, worstOf } from "./examine.js";
import { readSource } from "./files.js";
import { withSessionLock } from "./lock.js";
import type { NewSessionFile } from "./new-session-file.js";
import {
  accessTokenOf,
  type HandedInSession,
  type PortableSession,
  parseHandedIn,
  type StoredSession,
} from "./session-file.js";
import type { SessionStore } from "./store.js";

/**
 * Reads a portable session from a file, a pipe, or with `-` from stdin.
 * @throws {Failure} `session_invalid`, `file_error`; the signal's reason
 */
export async function readHandedInSession(
  source: string,
  stdin: Readable,
  signal: AbortSignal,
): Promise<HandedInSession> {
  const { text, origin } = await readSource(source, stdin, signal);
  return parseHandedIn(text, origin);
}

/** A session that is on disk now, and what its homeserver was found to say of it. */
export interface ImportedSession {
  readonly session: StoredSession;
  /** None failed, but that the device may be unverified; empty for an import without a check. */
  readonly findings: readonly SessionFinding[];
}

/**
 * Creates the session file and checks it at the homeserver. It is on disk first because the check may have to
 * refresh: from then on this copy is the only good one, so it is kept even if the check fails.
 *
 * @param file where the session goes; it may have another name afterwards
 * @param homeserver takes its access token from `file`; absent for an import without a check
 * @param recoveryKey opens the account's secret storage, whose secrets take the place of the session's
 * @throws {Failure} the worst of what `examineSession` finds, but for a device that isn't verified; what that and
 *   `openSecretStorageFrom` throw; `session_exists`, `file_error`
 */
export async function importSession(
  handedIn: HandedInSession,
  store: SessionStore,
  file: NewSessionFile,
  homeserver: AccountHomeserver | undefined,
  clock: Clock,
  signal: AbortSignal,
  recoveryKey?: RecoveryKeySource,
): Promise<ImportedSession> {
  const { path } = file;
  const { portable } = handedIn;
  const state = homeserver ? "unconfirmed" : "complete";
  const session = await store.createFrom(path, handedIn, state, clock.date());
  if (!homeserver) {
    await file.nameAfter?.(portable.user_id);
    return { session, findings: [] };
  }
  try {
    const account = rememberPublished(homeserver);
    const stored = recoveryKey && (await secretsOf(portable, account, recoveryKey, signal));
    const findings = await examineSession({ ...portable, ...stored }, account, signal);
    const worst = worstOf(findings);
    if (worst && worst.kind !== "unverified") throw worst;
    return await withSessionLock(path, clock, signal, async () => {
      const checked = await store.update(path, { state: "complete", ...stored });
      await file.nameAfter?.(portable.user_id);
      return { session: checked, findings };
    });
  } catch (error) {
    const accessToken = accessTokenOf(await store.read(path));
    if (!accessToken.equals(portable.access_token)) {
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
