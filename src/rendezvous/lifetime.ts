import type { Clock } from "../foundation/clock.js";
import { Failure } from "../foundation/failures.js";
import type { HttpResponse } from "../network/http.js";
import { retryAfterMs } from "../network/retry-after.js";
import type { Pace } from "../protocol/rendezvous-session.js";
import { Pauses, type RequestBudget, shortestPause } from "./polling.js";

/** For a server that holds sessions longer than any QR code should live. */
const MAX_LIFETIME_MS = 60 * 60 * 1000;

/** What a request has to be done by. */
export interface InTime {
  readonly signal: AbortSignal;
  readonly deadline: number;
}

/** How a poll is sent: the next one is what repeats it after a 429. */
export const AS_POLL = { final: [429] } as const;

/** Thrown by a poll that the server refused to answer, since it limits the rate (429). */
export class Throttled extends Error {
  override readonly name = "Throttled";
  readonly response: Pick<HttpResponse, "header" | "json">;

  constructor(response: Pick<HttpResponse, "header" | "json">) {
    super("The server limits the rate of requests.");
    this.response = response;
  }
}

/** How long a rendezvous session lives, as far as the server has told, and what ends with it. */
export class Lifetime {
  readonly #clock: Clock;
  readonly #budget: RequestBudget;
  /** Between two looks, in milliseconds. */
  readonly #shortestPause: number;
  /** Whatever the server says later. */
  readonly #endsAt: number;
  #expiresAt: number;
  /** When the session was last asked for, or written to. */
  #askedAt: number;

  /**
   * @param server where the session is
   * @param sentAt when the request was sent whose answer said first how long the session lives
   */
  constructor(clock: Clock, budget: RequestBudget, server: URL, sentAt: number, expiresInMs: number) {
    this.#clock = clock;
    this.#budget = budget;
    this.#shortestPause = shortestPause(server);
    this.#askedAt = sentAt;
    this.#endsAt = sentAt + MAX_LIFETIME_MS;
    this.#expiresAt = this.#bounded(sentAt, expiresInMs);
  }

  /** Milliseconds on the monotonic clock. */
  get expiresAt(): number {
    return this.#expiresAt;
  }

  get isExpired(): boolean {
    return this.#clock.now() >= this.#expiresAt;
  }

  /**
   * The server has told anew how long the session lives.
   *
   * @param sentAt when it was asked: counted from then, our deadline is never later than the server's
   */
  renew(sentAt: number, expiresInMs: number): void {
    this.#expiresAt = this.#bounded(sentAt, expiresInMs);
  }

  #bounded(sentAt: number, expiresInMs: number): number {
    return Math.min(sentAt + expiresInMs, this.#endsAt);
  }

  /**
   * Sends a request that is of no use once the session has expired.
   *
   * @throws {Failure} `rendezvous_expired`
   */
  async inTime<T>(signal: AbortSignal, send: (inTime: InTime) => Promise<T>): Promise<T> {
    if (this.isExpired) throw new Failure("rendezvous_expired");
    this.#askedAt = this.#clock.now();
    this.#budget.spend(this.#askedAt);
    try {
      return await send({ signal, deadline: this.#expiresAt });
    } catch (error) {
      signal.throwIfAborted();
      if (this.isExpired) throw new Failure("rendezvous_expired", undefined, { cause: error });
      throw error;
    }
  }

  /**
   * Polls until there is something to give back. A look that is `Throttled` is no news: only the session's time ends the
   * wait.
   */
  async poll<T>(pace: Pace, signal: AbortSignal, look: () => Promise<T | undefined>): Promise<T> {
    const pauses = new Pauses(pace, this.#shortestPause);
    let lookAt = this.#askedAt + pauses.next();
    for (;;) {
      await this.#sleep(lookAt - this.#clock.now(), signal);
      for (let wait = this.#waitMs(); wait > 0; wait = this.#waitMs()) await this.#sleep(wait, signal);
      try {
        const found = await look();
        if (found !== undefined) return found;
        lookAt = this.#askedAt + pauses.next();
      } catch (error) {
        if (!(error instanceof Throttled)) throw error;
        const pause = pauses.after429(retryAfterMs(error.response, this.#clock));
        lookAt = this.#clock.now() + pause;
      }
    }
  }

  /** How long a poll has to wait. An expired session has nothing to wait for. */
  #waitMs(): number {
    return this.isExpired ? 0 : this.#budget.waitMs(this.#clock.now());
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const end = this.#expiresAt - this.#clock.now();
    await this.#clock.sleep(Math.max(0, Math.min(ms, end)), signal);
  }

  /** What it means that a session is gone that was there before. */
  gone(): Failure {
    return new Failure(this.isExpired ? "rendezvous_expired" : "rendezvous_gone");
  }
}
