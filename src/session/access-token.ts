import type { Clock } from "../foundation/clock.js";
import { Failure } from "../foundation/failures.js";
import { checkOwner } from "./check.js";
import type { ConnectedSession } from "./connect.js";
import { type PortableSession, toPortable } from "./session-file.js";
import type { SessionStore } from "./store.js";
import { isRefreshable, remainingMs } from "./token-life.js";

/** A session whose access token is good now. */
export interface GoodSession {
  readonly session: PortableSession;
  /** Why the token isn't known to be good for as long as was asked, as a sentence. */
  readonly shortfall?: string;
}

/**
 * Sees to it that a session's access token is good for `ms` milliseconds, as far as that can be had: it is never
 * refreshed in the first half of its life. Where nobody knows when it expires, or whether a refresh that got no answer has
 * ended it, the homeserver is asked whether it is good now.
 *
 * @throws {Failure} `session_dead`, `session_incomplete`; `unexpected_user`, `session_invalid`; what a refresh throws
 */
export async function goodAccessToken(
  store: SessionStore,
  path: string,
  { homeserver, accessTokens, offersOAuth }: ConnectedSession,
  ms: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<GoodSession> {
  const stored = await store.read(path);
  const portable = toPortable(stored);
  const isDoubtful = portable.expires_at === undefined || stored.refresh_asked_at !== undefined;
  if (isDoubtful) await checkOwner(portable, homeserver, signal);
  await accessTokens.ensureGoodFor(ms, signal);
  const session = toPortable(await store.read(path));
  const shortfall =
    session.expires_at === undefined
      ? await unknownLife(session, offersOAuth, signal)
      : shortfallOf(session, ms, clock);
  return { session, ...(shortfall === undefined ? {} : { shortfall }) };
}

/**
 * Refreshes a session's tokens, however long they would still be good. Of several processes that are asked at the same
 * time one does it for all.
 *
 * @throws {Failure} `session_not_refreshable`, `refresh_unanswered`, `session_dead`, `session_incomplete`; what a
 *   refresh throws
 */
export async function refreshSession(
  store: SessionStore,
  path: string,
  { accessTokens }: ConnectedSession,
  signal: AbortSignal,
): Promise<PortableSession> {
  const portable = toPortable(await store.read(path));
  if (!isRefreshable(portable)) throw new Failure("session_not_refreshable");
  await accessTokens.refreshNow(portable.access_token, signal);
  return toPortable(await store.read(path));
}

/** A token that isn't OAuth's lasts until its device is signed out (Client-Server API §Login). */
async function unknownLife(
  { oauth }: PortableSession,
  offersOAuth: ConnectedSession["offersOAuth"],
  signal: AbortSignal,
): Promise<string | undefined> {
  if (!oauth && !(await offersOAuth(signal))) return undefined;
  return "Nobody knows how long this access token is good: it is good now.";
}

function shortfallOf(session: PortableSession, ms: number, clock: Clock): string | undefined {
  const remaining = remainingMs(session, clock.date());
  if (remaining >= ms) return undefined;
  const seconds = (time: number) => `${Math.max(0, Math.floor(time / 1000))} s`;
  const { token_lifetime_ms: lifetime = ms } = session;
  const reason = lifetime < ms ? `; the homeserver's live for ${seconds(lifetime)}` : "";
  return `This access token is good for ${seconds(remaining)}, not for ${seconds(ms)}${reason}.`;
}
