import { randomBytes } from "node:crypto";
import type { Clock } from "../../foundation/clock.js";

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
  /** The refresh token before, good as long as the new access token was not used. */
  previousRefreshToken?: string;
}

/** Who is signed in, by which tokens. One session has one access token at a time. */
export class SessionStore {
  readonly #clock: Clock;
  readonly #sessions = new Set<SessionTokens>();

  constructor(clock: Clock) {
    this.#clock = clock;
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
    const tokens = this.#find((candidate) => candidate.accessToken === accessToken);
    const now = this.#clock.now();
    if (!tokens || now >= tokens.accessTokenExpiresAt) return undefined;
    delete tokens.previousRefreshToken;
    return { session: tokens.session, expiresIn: Math.ceil((tokens.accessTokenExpiresAt - now) / 1000) };
  }

  /**
   * Rotation (RFC 6749 §6) that survives a lost answer: the old refresh token works again as long as the new
   * access token was not used.
   */
  refresh(refreshToken: string, clientId: string): IssuedTokens | undefined {
    const tokens = this.#findByRefreshToken(refreshToken);
    if (!tokens || tokens.session.clientId !== clientId) return undefined;
    tokens.previousRefreshToken = refreshToken;
    return this.#issue(tokens);
  }

  /** The session of any token that still means something, an expired access token included. */
  findByToken(token: string): Session | undefined {
    const tokens =
      this.#findByRefreshToken(token) ?? this.#find((candidate) => candidate.accessToken === token);
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
    return {
      accessToken: tokens.accessToken,
      ...(tokens.refreshable && { refreshToken: tokens.refreshToken }),
      ...(tokens.lifetimeMs !== Number.POSITIVE_INFINITY && {
        expiresIn: Math.floor(tokens.lifetimeMs / 1000),
      }),
    };
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
