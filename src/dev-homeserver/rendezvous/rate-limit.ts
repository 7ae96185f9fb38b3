import type { Clock } from "../../foundation/clock.js";
import { matrixError } from "../http/answers.js";
import type { Routes } from "../http/router.js";

/** So many requests at once, and so many a second after that. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #countedAt: number;

  constructor(clock: Clock, { burst, perSecond }: { readonly burst: number; readonly perSecond: number }) {
    this.#clock = clock;
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
    this.#countedAt = clock.now();
  }

  /** @throws {Refusal} 429 `M_LIMIT_EXCEEDED`, which says no time */
  take(): void {
    const now = this.#clock.now();
    this.#left = Math.min(this.#burst, this.#left + ((now - this.#countedAt) / 1000) * this.#perSecond);
    this.#countedAt = now;
    if (this.#left < 1) throw matrixError(429, "M_LIMIT_EXCEEDED", "There are too many requests.");
    this.#left -= 1;
  }
}

/** The same handlers under one limit. */
export function limited(routes: Routes, limit: RateLimit): Routes {
  return Object.fromEntries(
    Object.entries(routes).map(([route, handle]) => [
      route,
      (call) => {
        limit.take();
        return handle(call);
      },
    ]),
  );
}
