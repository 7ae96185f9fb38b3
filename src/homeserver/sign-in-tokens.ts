import { Failure } from "../foundation/failures.js";
import type { Secret } from "../foundation/secret.js";
import type { Renewal, Tokens } from "../protocol/homeserver.js";

/**
 * For how long after its first use a refresh token may be sent again, in milliseconds, while the access token is good.
 * An answer that was lost is had that way from MAS and Tuwunel. After 15 s Tuwunel takes the token for stolen, and
 * deletes the device.
 */
export const SAME_REFRESH_TOKEN_MS = 10_000;

/** Where the requests of a signed-in device take their access token from. */
export interface AccessTokens {
  current(signal: AbortSignal): Promise<Secret>;
  /**
   * A newer access token than the one that the homeserver has just rejected (401 `M_UNKNOWN_TOKEN`).
   *
   * @throws {Failure} `session_dead` where there is none to be had
   */
  renew(rejected: Secret, signal: AbortSignal): Promise<Secret>;
}

/** The tokens of a sign-in that still goes on. */
export class SignInTokens implements AccessTokens {
  #tokens: Tokens;
  #renewal: Promise<Secret> | undefined;
  readonly #refresh: (refreshToken: Secret, signal: AbortSignal) => Promise<Tokens>;
  readonly #sharing: Renewal;

  constructor(
    tokens: Tokens,
    refresh: (refreshToken: Secret, signal: AbortSignal) => Promise<Tokens>,
    renewal: Renewal,
  ) {
    this.#tokens = tokens;
    this.#refresh = refresh;
    this.#sharing = renewal;
  }

  async current(): Promise<Secret> {
    return this.#tokens.accessToken;
  }

  renew(rejected: Secret, signal: AbortSignal): Promise<Secret> {
    // Requests side by side share one refresh: a refresh token is good for one.
    this.#renewal ??= this.#renew(rejected, signal).finally(() => {
      this.#renewal = undefined;
    });
    return this.#renewal;
  }

  async #renew(rejected: Secret, signal: AbortSignal): Promise<Secret> {
    if (!this.#tokens.accessToken.equals(rejected)) return this.#tokens.accessToken;
    return this.#sharing.exclusively(signal, async (newest = this.#tokens) => {
      // Another process may have renewed them by now.
      this.#tokens = newest.accessToken.equals(rejected) ? await this.#refreshed(newest, signal) : newest;
      await this.#sharing.save(this.#tokens);
      return this.#tokens.accessToken;
    });
  }

  async #refreshed({ refreshToken }: Tokens, signal: AbortSignal): Promise<Tokens> {
    if (refreshToken === undefined) throw new Failure("session_dead");
    // A server that doesn't rotate refresh tokens sends none.
    return { refreshToken, ...(await this.#refresh(refreshToken, signal)) };
  }
}
