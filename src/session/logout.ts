import { endOf } from "../foundation/caller-abort.js";
import type { Clock } from "../foundation/clock.js";
import { Failure } from "../foundation/failures.js";
import { withSessionLock } from "./lock.js";
import type { StoredSession } from "./session-file.js";
import type { SessionStore } from "./store.js";
import { removeTokenFile } from "./token-file.js";

/**
 * Ends a session of any state: revokes its tokens, then deletes its file. The file says so first and gives up
 * its secrets, so that whatever interrupts this leaves a session that only a logout can be tried on.
 *
 * @returns whether there were tokens to revoke: not where the sign-in ended before it had any
 * @param revoke resolves to whether all tokens are revoked
 * @throws {Failure} `revocation_pending`, with the file kept; `session_locked`, `file_error`
 */
export async function logoutSession(
  store: SessionStore,
  path: string,
  revoke: (session: StoredSession) => Promise<boolean>,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  return withSessionLock(path, clock, signal, async () => {
    const signedOut = await store.read(path);
    if (!signedOut.access_token) {
      await store.remove(path);
      return false;
    }
    const session = await store.update(path, {
      state: "revocation_pending",
      secrets: undefined,
      device_keys: undefined,
      proxy_token: undefined,
    });
    await removeTokenFile(path);
    const pending = { cleanup: "pending", deviceId: session.device_id, session: path } as const;
    const isRevoked = await revoke(session).catch((error: unknown) => {
      const failure = endOf(error, signal);
      throw failure.kind === "network"
        ? new Failure("revocation_pending", undefined, { ...pending, cause: error })
        : failure.with(pending);
    });
    if (signal.aborted && !isRevoked) throw endOf(signal.reason, signal).with(pending);
    if (!isRevoked) throw new Failure("revocation_pending", undefined, pending);
    await store.removeNamesakes(path, signedOut);
    await store.remove(path);
    return true;
  });
}
