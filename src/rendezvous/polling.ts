import type { HttpClient } from "../network/http.js";
import type { Pace } from "../protocol/rendezvous-session.js";

/**
 * How often a rendezvous session is looked at. Servers limit the rate of an address: Tuwunel to 20 requests at once and
 * 10 a second after that, and both devices of a sign-in may share an address. So:
 *
 * - A wait begins with short pauses where a machine is about to answer, and has a second between two looks where a
 *   person has to do something (`pollPauses`).
 * - Each device keeps to less than half of that rate over all its waits and sessions (`RequestBudget`): polls wait for
 *   it, writes don't, but count.
 * - A 429 is no news: the pause grows, and the wait ends by its deadline alone (`Pauses`).
 */

const FIRST_PAUSE_MS = 50;
const GROWTH = 1.25;
const LONGEST_PAUSE_MS = 1000;

const FIRST_PAUSE_AFTER_429_MS = 1000;
const LONGEST_PAUSE_AFTER_429_MS = 8000;

const BURST = 10;
const PER_SECOND = 4.5;

/**
 * The pauses between two polls, in milliseconds. A machine is about to answer: ask often at first, since it
 * mostly takes one round trip, and ever more rarely after. A person takes seconds: once a second.
 */
export function* pollPauses(pace: Pace): Generator<number, never> {
  let pause = pace === "machine" ? FIRST_PAUSE_MS : LONGEST_PAUSE_MS;
  for (;;) {
    yield Math.round(pause);
    pause = Math.min(pause * GROWTH, LONGEST_PAUSE_MS);
  }
}

/** The pauses of one wait, of a server that may limit its rate. */
export class Pauses {
  readonly #pauses: Generator<number, never>;
  #longer = 0;

  constructor(pace: Pace) {
    this.#pauses = pollPauses(pace);
  }

  /** The pause after an answer, in milliseconds: after some that were 429, shorter again only step by step. */
  afterAnswer(): number {
    this.#longer = this.#longer > FIRST_PAUSE_AFTER_429_MS ? this.#longer / 2 : 0;
    return Math.max(this.#pauses.next().value, this.#longer);
  }

  /** @param retryAfterMs how long the server asks to wait; 0 where it asks nothing */
  after429(retryAfterMs: number): number {
    this.#longer = Math.min(Math.max(2 * this.#longer, FIRST_PAUSE_AFTER_429_MS), LONGEST_PAUSE_AFTER_429_MS);
    return Math.max(this.#longer, retryAfterMs);
  }
}

/** What one device may ask of rendezvous servers: a bucket that requests are taken from, and that fills with time. */
export class RequestBudget {
  #spent = 0;
  #countedAt = 0;

  /** @param now milliseconds on the monotonic clock */
  spend(now: number): void {
    this.#refill(now);
    this.#spent += 1;
  }

  /** How long a poll has to wait, in milliseconds. */
  waitMs(now: number): number {
    this.#refill(now);
    return Math.max(0, Math.ceil(((this.#spent + 1 - BURST) / PER_SECOND) * 1000));
  }

  #refill(now: number): void {
    this.#spent = Math.max(0, this.#spent - ((now - this.#countedAt) / 1000) * PER_SECOND);
    this.#countedAt = now;
  }
}

const budgets = new WeakMap<HttpClient, RequestBudget>();

/** The budget of the device that asks by this client. */
export function budgetOf(http: HttpClient): RequestBudget {
  const budget = budgets.get(http) ?? new RequestBudget();
  budgets.set(http, budget);
  return budget;
}
