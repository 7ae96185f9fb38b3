import type { Clock } from "../foundation/clock.js";

/** Two answers a second at most, whoever asks: programs that don't pause by themselves are paused here. */
const BETWEEN_ANSWERS_MS = 500;
/** Nobody waits longer, however many do. */
const LONGEST_WAIT_MS = 30_000;

/** Lets answers out that nothing but trouble is to be had from, late and one after the other. */
export class Pace {
  readonly #clock: Clock;
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Waits `ms` milliseconds, and longer where others wait too.
   *
   * @throws the signal's reason
   */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    const at = Math.min(Math.max(now + ms, this.#nextAt), now + LONGEST_WAIT_MS);
    this.#nextAt = at + BETWEEN_ANSWERS_MS;
    await this.#clock.sleep(at - now, signal);
  }
}

/** A pause that doubles each time, from the first to the longest, until all is well again. In milliseconds. */
export class GrowingPause {
  readonly #firstMs: number;
  readonly #longestMs: number;
  #nextMs: number;

  constructor(firstMs: number, longestMs: number) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
    this.#nextMs = firstMs;
  }

  next(): number {
    const ms = this.#nextMs;
    this.#nextMs = Math.min(2 * ms, this.#longestMs);
    return ms;
  }

  /** Whether all was well until now. */
  get isFirst(): boolean {
    return this.#nextMs === this.#firstMs;
  }

  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
