import type { StoredSession } from "./session-file.js";

/** What Matrix Authentication Service grants unless told otherwise: assumed where a file doesn't say. */
const USUAL_LIFETIME_MS = 300_000;

type Lifetime = Pick<StoredSession, "expires_at" | "token_lifetime_ms" | "token_seen_at">;

/** Milliseconds until the access token expires, negative once it has; infinite where nobody knows when that is. */
export function remainingMs({ expires_at }: Lifetime, now: Date): number {
  return expires_at === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires_at) - now.getTime();
}

/** Milliseconds that the access token lives from when it was granted: at least, where the homeserver hasn't said it. */
export function lifetimeMs({ token_lifetime_ms, expires_at, token_seen_at }: Lifetime): number {
  if (token_lifetime_ms !== undefined) return token_lifetime_ms;
  if (expires_at === undefined || token_seen_at === undefined) return USUAL_LIFETIME_MS;
  return Math.max(USUAL_LIFETIME_MS, Date.parse(expires_at) - Date.parse(token_seen_at));
}

/** Whether the access token is known to have more than half of its life before it. */
export function isInFirstHalf(session: Lifetime, now: Date): boolean {
  return remainingMs(session, now) > lifetimeMs(session) / 2;
}

/** Whether there is all that a refresh needs. */
export function isRefreshable({
  refresh_token,
  oauth,
}: Pick<StoredSession, "refresh_token" | "oauth">): boolean {
  return refresh_token !== undefined && oauth !== undefined;
}
