import type { Clock } from "../foundation/clock.js";
import { Failure } from "../foundation/failures.js";
import type { Secret } from "../foundation/secret.js";
import { toPortable } from "../session/session-file.js";
import type { SessionAccessTokens } from "../session/session-tokens.js";
import type { SessionStore } from "../session/store.js";
import { isRefreshable, lifetimeMs, remainingMs } from "../session/token-life.js";
import type { EmitProxyEvent } from "./events.js";
import { GrowingPause } from "./pace.js";

/** An access token is renewed when it has less than this left, or less than half of its life, in milliseconds. */
const RENEW_BEFORE_MS = 60_000;
/** The file is looked into this often at least: others refresh, too. Timers can't be set for longer than 24 days. */
const LONGEST_SLEEP_MS = 3_600_000;
/** A homeserver that rejects what it has just granted isn't asked for another one at once. */
const BETWEEN_RENEWALS_MS = 5_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** The failures that no waiting mends: the session is signed out, or its file is gone or another one's. */
const DEADLY: readonly string[] = ["session_dead", "session_not_found", "session_replaced"];

/** Where the access token is, and how long it is good. */
interface Held {
  readonly token: Secret;
  /** On the wall clock, in milliseconds; infinite where nobody knows. */
  readonly renewAt: number;
  readonly expiresAt: number;
}

export interface TokenKeeperOptions {
  readonly store: Pick<SessionStore, "read">;
  readonly path: string;
  readonly accessTokens: Pick<SessionAccessTokens, "ensureGoodFor" | "renew">;
  readonly clock: Clock;
  readonly emit: EmitProxyEvent;
  /** Ends all renewing. */
  readonly signal: AbortSignal;
}

/**
 * Keeps a session's access token good for as long as the proxy runs. It is in memory; the file is read when it is due
 * or was rejected, so that any number of proxies and commands share one chain of refresh tokens.
 */
export class TokenKeeper {
  readonly #options: TokenKeeperOptions;
  readonly #died: PromiseWithResolvers;
  #held: Held | undefined;
  #death: Failure | undefined;
  /** The one look into the file, or refresh, that all wait for. */
  #renewal: Promise<Held> | undefined;
  #renewedAt = Number.NEGATIVE_INFINITY;
  readonly #pause = new GrowingPause(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);

  constructor(options: TokenKeeperOptions) {
    this.#options = options;
    this.#died = withResolvers();
  }

  /** Resolves when the session is dead for good: signed out, or without a way to get another token. */
  get died(): Promise<Failure> {
    return this.#died.promise;
  }

  /** Why the session is dead, once it is. */
  get death(): Failure | undefined {
    return this.#death;
  }

  /** When the access token expires, RFC 3339; undefined where nobody knows. */
  get expiresAt(): string | undefined {
    const at = this.#held?.expiresAt ?? Number.POSITIVE_INFINITY;
    return Number.isFinite(at) ? new Date(at).toISOString() : undefined;
  }

  /**
   * An access token that isn't known to be expired. One that is due serves on while `keepFresh` gets another.
   *
   * @throws {Failure} `session_dead`; what a refresh throws
   */
  async current(): Promise<Secret> {
    this.#throwIfDead();
    const held = this.#held;
    if (held && this.#now() < held.expiresAt) return held.token;
    return (await this.#shared(() => this.#look())).token;
  }

  /**
   * A newer token than one that the homeserver has just rejected.
   *
   * @throws {Failure} `session_dead`; `server_error` where the rejected one is fresh; what a refresh throws
   */
  async renew(rejected: Secret): Promise<Secret> {
    for (;;) {
      this.#throwIfDead();
      if (this.#held && !this.#held.token.equals(rejected)) return this.#held.token;
      let isOurs = false;
      await this.#shared(async () => {
        isOurs = true;
        return this.#replace(rejected);
      });
      // What was under way already may have been no more than a look at the same token.
      if (isOurs && this.#held) return this.#held.token;
    }
  }

  /** Renews ahead of time, until the signal is aborted or the session is dead. Never rejects. */
  async keepFresh(): Promise<void> {
    const { signal, clock, emit } = this.#options;
    while (!signal.aborted && !this.#death) {
      let waitMs = 0;
      try {
        waitMs = (await this.#shared(() => this.#look())).renewAt - this.#now();
        if (waitMs > 0) this.#pause.reset();
      } catch (error) {
        if (signal.aborted || this.#death) return;
        if (this.#pause.isFirst) {
          const { message } = Failure.from(error);
          emit({ event: "warning", code: "refresh_failed", message: `It is tried again: ${message}` });
        }
      }
      // However short the homeserver says that its tokens live, there is a second between two of them.
      const ms =
        waitMs > 0 ? Math.min(Math.max(waitMs, FIRST_PAUSE_MS), LONGEST_SLEEP_MS) : this.#pause.next();
      await clock.sleep(ms, signal).catch(() => undefined);
    }
  }

  /** From now on there is no token: the session was signed out through the proxy. */
  end(): void {
    this.#die(new Failure("session_dead", "The session was signed out through the proxy."));
  }

  /** Reads what is there, refreshed where it is due. */
  async #look(): Promise<Held> {
    const { store, path, accessTokens, signal } = this.#options;
    // It may have been signed out meanwhile, which the tokens don't say.
    toPortable(await store.read(path));
    await accessTokens.ensureGoodFor(RENEW_BEFORE_MS, signal);
    return this.#hold();
  }

  async #replace(rejected: Secret): Promise<Held> {
    const { accessTokens, clock, signal } = this.#options;
    const there = await this.#hold();
    if (!there.token.equals(rejected)) return there;
    if (clock.now() - this.#renewedAt < BETWEEN_RENEWALS_MS) {
      throw new Failure("server_error", "The homeserver rejects an access token that it has just granted.");
    }
    await accessTokens.renew(rejected, signal);
    return this.#hold();
  }

  async #hold(): Promise<Held> {
    const { store, path, clock, emit } = this.#options;
    const session = toPortable(await store.read(path));
    const left = remainingMs(session, clock.date());
    const early = Math.min(RENEW_BEFORE_MS, lifetimeMs(session) / 2);
    const before = this.#held;
    this.#held = {
      token: session.access_token,
      expiresAt: this.#now() + left,
      // One that can't be renewed is looked at again once it has expired. At the very time it isn't due yet.
      renewAt: this.#now() + (isRefreshable(session) ? left - early + 1 : left),
    };
    if (before && !before.token.equals(session.access_token)) {
      this.#renewedAt = clock.now();
      const { expires_at } = session;
      emit({ event: "refreshed", ...(expires_at === undefined ? {} : { expires_at }) });
    }
    return this.#held;
  }

  /** Requests side by side wait for one renewal. */
  async #shared(work: () => Promise<Held>): Promise<Held> {
    this.#renewal ??= work().finally(() => {
      this.#renewal = undefined;
    });
    try {
      return await this.#renewal;
    } catch (error) {
      const failure = Failure.from(error);
      if (DEADLY.includes(failure.code)) this.#die(failure);
      throw failure;
    }
  }

  #die(failure: Failure): void {
    this.#death ??= failure;
    this.#died.resolve(this.#death);
  }

  #throwIfDead(): void {
    if (this.#death) throw this.#death;
  }

  #now(): number {
    return this.#options.clock.date().getTime();
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<Failure>;
  resolve(failure: Failure): void;
}

/** Node 20 has no Promise.withResolvers. */
function withResolvers(): PromiseWithResolvers {
  let resolve: (failure: Failure) => void = () => undefined;
  const promise = new Promise<Failure>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
