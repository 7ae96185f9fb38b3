import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Clock } from "../foundation/clock.js";
import { Secret } from "../foundation/secret.js";
import { withSessionLock } from "../session/lock.js";
import type { SessionStore } from "../session/store.js";
import { tokenOfQuery } from "./request-policy.js";

/** The token that unlocks one session at its proxy: no server has ever seen it, and none takes it. */

const TOKEN_BYTES = 32;

/**
 * The local token of a session. It is made once and stays the same: some bots encrypt what they store with it.
 *
 * @param isNew whether a new one takes the place of the one that is there
 * @throws {Failure} `session_locked`, `session_not_found`, `file_error`, and what reading throws
 */
export async function localToken(
  store: SessionStore,
  path: string,
  isNew: boolean,
  clock: Clock,
  signal: AbortSignal,
): Promise<Secret> {
  const { proxy_token: there } = await store.read(path);
  if (there && !isNew) return there;
  return withSessionLock(path, clock, signal, async () => {
    const { proxy_token: meanwhile } = await store.read(path);
    if (meanwhile && !isNew) return meanwhile;
    const made = new Secret(`mqlp_${randomBytes(TOKEN_BYTES).toString("base64url")}`);
    await store.update(path, { proxy_token: made });
    return made;
  });
}

/** What a request says its token is. The header counts before the query. */
export function tokenOfRequest(
  { authorization }: IncomingHttpHeaders,
  rawTarget: string,
): string | undefined {
  return authorization === undefined
    ? tokenOfQuery(rawTarget)
    : (/^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? "");
}

/** Whether that is the local token, in a time that says nothing of how much of it was right. */
export function isLocalToken(local: Secret, given: string): boolean {
  return timingSafeEqual(digest(local.reveal()), digest(given));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
