import type { Clock } from "../foundation/clock.js";
import { Failure } from "../foundation/failures.js";
import type { Pace } from "../protocol/rendezvous-session.js";
import { pollPauses } from "./polling.js";

/** For a server that holds sessions longer than any QR code should live. */
const MAX_LIFETIME_MS = 60 * 60 * 1000;

/** What a request has to be done by. */
export interface InTime {
  readonly signal: AbortSignal;
  readonly deadline: number;
}

/** How long a rendezvous session lives, as far as the server has told, and what ends with it. */
export class Lifetime {
  readonly #clock: Clock;
  #expiresAt: number;

  constructor(clock: Clock, sentAt: number, expiresInMs: number) {
    this.#clock = clock;
    this.#expiresAt = sentAt + Math.min(expiresInMs, MAX_LIFETIME_MS);
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
    this.#expiresAt = sentAt + Math.min(expiresInMs, MAX_LIFETIME_MS);
  }

  /**
   * Sends a request that is of no use once the session has expired.
   *
   * @throws {Failure} `rendezvous_expired`
   */
  async inTime<T>(signal: AbortSignal, send: (inTime: InTime) => Promise<T>): Promise<T> {
    if (this.isExpired) throw new Failure("rendezvous_expired");
    try {
      return await send({ signal, deadline: this.#expiresAt });
    } catch (error) {
      signal.throwIfAborted();
      if (this.isExpired) throw new Failure("rendezvous_expired", undefined, { cause: error });
      throw error;
    }
  }

  /** Polls until there is something to give back. */
  async poll<T>(pace: Pace, signal: AbortSignal, look: () => Promise<T | undefined>): Promise<T> {
    const pauses = pollPauses(pace);
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      const left = this.#expiresAt - this.#clock.now();
      await this.#clock.sleep(Math.min(pauses.next().value, left), signal);
    }
  }

  /** What it means that a session is gone that was there before. */
  gone(): Failure {
    return new Failure(this.isExpired ? "rendezvous_expired" : "rendezvous_gone");
  }
}
