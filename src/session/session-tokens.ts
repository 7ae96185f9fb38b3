import type { ReservedRoom } from "../files/private-file.js";
import type { Clock } from "../foundation/clock.js";
import { Failure } from "../foundation/failures.js";
import type { Secret } from "../foundation/secret.js";
import { type AccessTokens, SAME_REFRESH_TOKEN_MS } from "../homeserver/sign-in-tokens.js";
import type { Tokens } from "../protocol/homeserver.js";
import { withSessionLock } from "./lock.js";
import { accessTokenOf, type StoredSession } from "./session-file.js";
import type { SessionChanges, SessionStore } from "./store.js";
import { isInFirstHalf, isRefreshable, remainingMs } from "./token-life.js";

/**
 * Asks the token endpoint for new tokens (RFC 6749 §6).
 *
 * @param beforeAsking awaited right before the refresh token is first sent; gives for how long it may be sent again, in
 *   milliseconds
 * @throws {Failure} `session_dead` where the refresh token is no longer good
 */
export type Refresh = (
  refreshToken: Secret,
  clientId: string,
  issuer: string,
  signal: AbortSignal,
  beforeAsking: () => Promise<number>,
) => Promise<Tokens>;

/**
 * The access token of a session file, which several processes may use at a time. A refresh happens under the
 * file's lock, and its tokens are on disk before they are used. Until then the file holds the old refresh
 * token, so that is the one to be tried again when the answer was lost: soon, or when there is nothing to lose.
 */
export class SessionAccessTokens implements AccessTokens {
  readonly #store: SessionStore;
  readonly #path: string;
  readonly #refresh: Refresh;
  readonly #clock: Clock;

  constructor(store: SessionStore, path: string, refresh: Refresh, clock: Clock) {
    this.#store = store;
    this.#path = path;
    this.#refresh = refresh;
    this.#clock = clock;
  }

  async current(): Promise<Secret> {
    return accessTokenOf(await this.#store.read(this.#path));
  }

  renew(rejected: Secret, signal: AbortSignal): Promise<Secret> {
    return this.#renewUnless((session) => !accessTokenOf(session).equals(rejected), signal);
  }

  /**
   * Refreshes now, however long the access token would still be good, unless another process just has.
   *
   * @param seen the access token that the file had when this was asked for
   * @throws {Failure} `refresh_unanswered` where that could end the session, whose access token is still good
   */
  async refreshNow(seen: Secret, signal: AbortSignal): Promise<void> {
    const isDone = (session: StoredSession) => {
      if (!accessTokenOf(session).equals(seen)) return true;
      if (this.#isRisky(session)) throw refreshUnanswered(session);
      return false;
    };
    await this.#renewUnless(isDone, signal);
  }

  /** Refreshes now if the access token is known to expire within `ms` milliseconds and can be refreshed. */
  async ensureFreshFor(ms: number, signal: AbortSignal): Promise<void> {
    const isFresh = (session: StoredSession) =>
      !isRefreshable(session) || remainingMs(session, this.#clock.date()) >= ms || this.#isRisky(session);
    await this.#ensure(isFresh, signal);
  }

  /**
   * Refreshes if the access token is known to expire within `ms` milliseconds, but never in the first half of its life:
   * others may have been given that token, and a refresh may kill it.
   *
   * @throws {Failure} `session_dead` where it has expired and can't be refreshed
   */
  async ensureGoodFor(ms: number, signal: AbortSignal): Promise<void> {
    const isGoodEnough = (session: StoredSession) => {
      const now = this.#clock.date();
      const remaining = remainingMs(session, now);
      if (remaining >= ms || this.#isRisky(session)) return true;
      return isRefreshable(session) ? isInFirstHalf(session, now) : remaining > 0;
    };
    await this.#ensure(isGoodEnough, signal);
  }

  /** Whether the access token is good, and sending the refresh token again could end the session. */
  #isRisky(session: StoredSession): boolean {
    const now = this.#clock.date();
    return remainingMs(session, now) > 0 && isRiskyToRefresh(session, now);
  }

  async #ensure(isFresh: (session: StoredSession) => boolean, signal: AbortSignal): Promise<void> {
    if (!isFresh(await this.#store.read(this.#path))) await this.#renewUnless(isFresh, signal);
  }

  /** @param isFresh whether what the file holds needs no refresh; another process may have made one */
  async #renewUnless(isFresh: (session: StoredSession) => boolean, signal: AbortSignal): Promise<Secret> {
    return withSessionLock(this.#path, this.#clock, signal, async () => {
      const session = await this.#store.read(this.#path);
      if (isFresh(session)) return accessTokenOf(session);
      const { refresh_token, oauth } = session;
      if (!refresh_token || !oauth) throw withoutRefreshToken(session, this.#clock.date());
      let room: ReservedRoom | undefined;
      const noteAsked = async () => {
        room = await this.#store.reserve(this.#path);
        const now = this.#clock.date();
        const left = SAME_REFRESH_TOKEN_MS - sinceAsked(session, now);
        // Halted until its lock went stale, it may find another one's tokens here. Its own would end those at most servers.
        const latest = await this.#store.read(this.#path);
        if (!latest.refresh_token?.equals(refresh_token)) throw new Failure("session_locked");
        if (left > 0) return left;
        // For the first time, or because there is nothing to lose.
        await this.#store.update(this.#path, { refresh_asked_at: now.toISOString() });
        return SAME_REFRESH_TOKEN_MS;
      };
      try {
        const [answer] = await Promise.allSettled([
          this.#refresh(refresh_token, oauth.client_id, oauth.issuer, signal, noteAsked),
        ]);

        // If this process was halted until its lock went stale, another one's tokens may be there by now.
        const latest = await this.#store.read(this.#path);
        if (!latest.refresh_token?.equals(refresh_token)) return accessTokenOf(latest);
        if (answer.status === "rejected") throw answer.reason;
        const tokens = answer.value;
        // A server that doesn't rotate refresh tokens sends none.
        const changes = { ...tokensAsStored(tokens), refresh_token: tokens.refreshToken ?? refresh_token };
        await this.#store.update(this.#path, changes, room);
        return tokens.accessToken;
      } finally {
        await room?.release();
      }
    });
  }
}

function tokensAsStored({ accessToken, expiresAt, lifetimeMs }: Tokens): SessionChanges {
  return {
    access_token: accessToken,
    expires_at: expiresAt,
    refresh_asked_at: undefined,
    token_lifetime_ms: lifetimeMs,
    token_seen_at: undefined,
  };
}

function withoutRefreshToken(session: StoredSession, now: Date): Failure {
  if (remainingMs(session, now) > 0) return new Failure("session_dead");
  return new Failure(
    "session_dead",
    "The session's access token has expired, and there is no refresh token to get another with.",
  );
}

function refreshUnanswered({ expires_at }: StoredSession): Failure {
  const end = expires_at === undefined ? "until the homeserver accepts it no longer" : `until ${expires_at}`;
  return new Failure("refresh_unanswered", undefined, {
    hint: `Use the access token that it has, which is good ${end}; after that a refresh has nothing to lose.`,
  });
}

/** How long ago the refresh token was first sent without an answer, in milliseconds; for ever where it wasn't. */
function sinceAsked({ refresh_asked_at: askedAt }: StoredSession, now: Date): number {
  return askedAt === undefined ? Number.POSITIVE_INFINITY : Math.abs(now.getTime() - Date.parse(askedAt));
}

/** Whether sending the refresh token again could end a session whose access token is still good. */
function isRiskyToRefresh(session: StoredSession, now: Date): boolean {
  return session.refresh_asked_at !== undefined && sinceAsked(session, now) >= SAME_REFRESH_TOKEN_MS;
}
