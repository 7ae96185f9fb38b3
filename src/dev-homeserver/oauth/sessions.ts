import { randomBytes } from "node:crypto";
import type { Clock } from "../../foundation/clock.js";
import type { OAuthBehaviour } from "../behaviour.js";

/** A signed-in device and the tokens it has. */
export interface Session {
  readonly deviceId: string;
  /** The OAuth client; absent for a session that was not made by OAuth. */
  readonly clientId?: string;
}

export interface IssuedTokens {
  readonly accessToken: string;
  readonly refreshToken?: string;
  /** Seconds; absent for a token that doesn't expire. */
  readonly expiresIn?: number;
}

interface SessionTokens {
  readonly session: Session;
  /** A client that did not register for the refresh token grant gets no refresh tokens. */
  readonly refreshable: boolean;
  readonly lifetimeMs: number;
  accessToken: string;
  accessTokenExpiresAt: number;
  refreshToken: string;
  /** The refresh token before, as long as it means something. */
  previousRefreshToken?: string;
  refreshedAt: number;
  /** Access tokens before, with the times at which they expire. */
  readonly olderAccessTokens: Map<string, number>;
}

/** For how long Tuwunel takes a refresh token again, in milliseconds. */
const REUSE_MS = 15_000;

/** Who is signed in, by which tokens. */
export class SessionStore {
  readonly #clock: Clock;
  readonly #behaviour: OAuthBehaviour;
  readonly #sessions = new Set<SessionTokens>();

  constructor(clock: Clock, behaviour: OAuthBehaviour) {
    this.#clock = clock;
    this.#behaviour = behaviour;
  }

  /** @param lifetimeMs how long an access token lives; may be Infinity */
  start(session: Session, lifetimeMs: number, refreshable: boolean): IssuedTokens {
    const tokens: SessionTokens = {
      session,
      refreshable,
      lifetimeMs,
      accessToken: "",
      accessTokenExpiresAt: 0,
      refreshToken: "",
      refreshedAt: 0,
      olderAccessTokens: new Map(),
    };
    this.#sessions.add(tokens);
    return this.#issue(tokens);
  }

  /** The session of an access token that is good, which from now on counts as used. */
  authenticate(accessToken: string): Session | undefined {
    return this.introspect(accessToken)?.session;
  }

  /**
   * What an access token that is good stands for (RFC 7662 §2.2), which from now on counts as used.
   * `expiresIn` is in seconds.
   */
  introspect(accessToken: string): { readonly session: Session; readonly expiresIn: number } | undefined {
    const tokens = this.#findByAccessToken(accessToken);
    const leftMs = tokens ? expiryOf(tokens, accessToken) - this.#clock.now() : 0;
    if (!tokens || leftMs <= 0) return undefined;
    if (this.#behaviour.reusedRefreshToken === "good_until_new_token_is_used") {
      delete tokens.previousRefreshToken;
    }
    return { session: tokens.session, expiresIn: Math.ceil(leftMs / 1000) };
  }

  /** Whether an access token was good once, and its session still is. */
  hasExpired(accessToken: string): boolean {
    return this.#findByAccessToken(accessToken) !== undefined && !this.authenticate(accessToken);
  }

  /** Rotation (RFC 6749 §6). What a refresh token is good for once it was used is up to the behaviour. */
  refresh(refreshToken: string, clientId: string): IssuedTokens | "reused_too_late" | undefined {
    const { reusedRefreshToken, keepsOldAccessToken } = this.#behaviour;
    const tokens = this.#findByRefreshToken(refreshToken);
    if (!tokens || tokens.session.clientId !== clientId) return undefined;
    if (
      refreshToken === tokens.previousRefreshToken &&
      reusedRefreshToken !== "good_until_new_token_is_used"
    ) {
      const isInTime = this.#clock.now() - tokens.refreshedAt < REUSE_MS;
      return isInTime ? this.#issued(tokens) : "reused_too_late";
    }
    if (reusedRefreshToken !== "unknown") tokens.previousRefreshToken = refreshToken;
    if (keepsOldAccessToken) tokens.olderAccessTokens.set(tokens.accessToken, tokens.accessTokenExpiresAt);
    tokens.refreshedAt = this.#clock.now();
    return this.#issue(tokens);
  }

  /** The session of any token that still means something, an expired access token included. */
  findByToken(token: string): Session | undefined {
    const tokens = this.#findByRefreshToken(token) ?? this.#findByAccessToken(token);
    return tokens?.session;
  }

  /** @returns whether the device has no session left */
  end(session: Session): boolean {
    for (const tokens of this.#sessions) {
      if (tokens.session === session) this.#sessions.delete(tokens);
    }
    return !this.active().some((other) => other.deviceId === session.deviceId);
  }

  active(): Session[] {
    return [...this.#sessions].map((tokens) => tokens.session);
  }

  #issue(tokens: SessionTokens): IssuedTokens {
    tokens.accessToken = `access_${randomBytes(24).toString("base64url")}`;
    tokens.accessTokenExpiresAt = this.#clock.now() + tokens.lifetimeMs;
    tokens.refreshToken = `refresh_${randomBytes(24).toString("base64url")}`;
    return this.#issued(tokens);
  }

  #issued(tokens: SessionTokens): IssuedTokens {
    return {
      accessToken: tokens.accessToken,
      ...(tokens.refreshable && { refreshToken: tokens.refreshToken }),
      ...(tokens.lifetimeMs !== Number.POSITIVE_INFINITY && {
        expiresIn: Math.floor(tokens.lifetimeMs / 1000),
      }),
    };
  }

  #findByAccessToken(accessToken: string): SessionTokens | undefined {
    return this.#find(
      (candidate) => candidate.accessToken === accessToken || candidate.olderAccessTokens.has(accessToken),
    );
  }

  #findByRefreshToken(refreshToken: string): SessionTokens | undefined {
    return this.#find(
      (candidate) =>
        candidate.refreshToken === refreshToken || candidate.previousRefreshToken === refreshToken,
    );
  }

  #find(matches: (candidate: SessionTokens) => boolean): SessionTokens | undefined {
    return [...this.#sessions].find(matches);
  }
}

function expiryOf(tokens: SessionTokens, accessToken: string): number {
  return tokens.olderAccessTokens.get(accessToken) ?? tokens.accessTokenExpiresAt;
}
