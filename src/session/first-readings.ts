import { Failure } from "../foundation/failures.js";
import type { StoredSession } from "./session-file.js";

/** Whose a session is, and where its tokens go. */
type Account = Pick<StoredSession, "base_url" | "user_id" | "device_id">;

/**
 * Remembers what session files were first read as. A program goes on from that reading, so that a token of another
 * account, whose file is put in the place of the first, must never go to the first one's homeserver.
 */
export class FirstReadings {
  readonly #accounts = new Map<string, Account>();

  /** @throws {Failure} `session_replaced` where the file was another account's or device's before */
  check(path: string, session: Account): void {
    const before = this.#accounts.get(path);
    if (before && !isSame(before, session)) throw new Failure("session_replaced");
    const { base_url, user_id = before?.user_id, device_id } = session;
    this.#accounts.set(path, { base_url, device_id, ...(user_id === undefined ? {} : { user_id }) });
  }

  /** There is no such file any more, so that any other may take its place. */
  forget(path: string): void {
    this.#accounts.delete(path);
  }
}

/** A sign-in that hasn't finished doesn't know its user yet. */
function isSame(a: Account, b: Account): boolean {
  const isSameUser = a.user_id === b.user_id || a.user_id === undefined || b.user_id === undefined;
  return isSameUser && a.base_url === b.base_url && a.device_id === b.device_id;
}
