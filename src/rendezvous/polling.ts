import type { HttpClient } from "../network/http.js";
import { isLoopback } from "../network/url-policy.js";
import type { Pace } from "../protocol/rendezvous-session.js";

/**
 * How often a rendezvous session is looked at. Servers limit the rate of an address: Tuwunel to 20 requests at once and
 * 10 a second after that, and both devices of a sign-in may share an address. So:
 *
 * - A wait begins with short pauses, and has longer ones the longer it takes, up to a second: what comes is seen late by
 *   no more than a part of what it took to come. Each wait begins anew, so that a sign of life is followed by short
 *   pauses (`pollPauses`).
 * - Pauses are counted from one request to the next, whatever its answer takes, and never shorter than 100 ms on the
 *   network. What was just written counts as a look: nobody can have answered it yet.
 * - Each device keeps to less than half of what is allowed in ten seconds, over all its waits and sessions
 *   (`RequestBudget`): polls wait for it, writes don't, but count.
 * - A 429 is no news: the pause grows, and the wait ends by its deadline alone (`Pauses`).
 */

const SHORTEST_PAUSE_MS = 100;
/** No network is in between, and no server of others. */
const SHORTEST_ON_LOOPBACK_MS = 32;
const LONGEST_PAUSE_MS = 1000;

/** Nobody aims a camera sooner, and no program starts sooner. */
const FIRST_SCAN_MS = 200;

/** By what the pauses of a wait grow: ten looks are made until there is a second between two, and twice as many. */
const GROWTH = { person: 1.25, scanner: 1.25, machine: 1.1 } as const;

/**
 * By what the first pause is longer than the next where devices answer each other: were they alike, both would always look
 * just before the other one writes, which does so after its look.
 */
const FIRST_ANSWER = 1.25;

const FIRST_PAUSE_AFTER_429_MS = 1000;
const LONGEST_PAUSE_AFTER_429_MS = 8000;

const BURST = 12;
const PER_SECOND = 4;

/** The shortest pause between two looks at a server, in milliseconds. */
export function shortestPause({ hostname }: URL): number {
  return isLoopback(hostname) ? SHORTEST_ON_LOOPBACK_MS : SHORTEST_PAUSE_MS;
}

/**
 * The pauses of a wait, in milliseconds, each before a look. A machine answers within some round trips, a person may be
 * quick or take a minute, and where nobody is to write, one look at once and then one a second are enough.
 */
export function* pollPauses(pace: Pace, shortest = SHORTEST_PAUSE_MS): Generator<number, never> {
  if (pace === "scanner") yield FIRST_SCAN_MS;
  if (pace === "machine") yield FIRST_ANSWER * shortest;
  for (let pause = shortest; ; ) {
    yield Math.round(pause);
    pause = pace === "nobody" ? LONGEST_PAUSE_MS : Math.min(pause * GROWTH[pace], LONGEST_PAUSE_MS);
  }
}

/** The pauses of one wait, of a server that may limit its rate. */
export class Pauses {
  readonly #pauses: Generator<number, never>;
  #longer = 0;

  /** @param shortest in milliseconds */
  constructor(pace: Pace, shortest?: number) {
    this.#pauses = pollPauses(pace, shortest);
  }

  /** From one request to the next look, in milliseconds: after some that were answered 429, shorter only step by step. */
  next(): number {
    this.#longer = this.#longer > FIRST_PAUSE_AFTER_429_MS ? this.#longer / 2 : 0;
    return Math.max(this.#pauses.next().value, this.#longer);
  }

  /**
   * From an answer that was 429 to the next look, in milliseconds.
   *
   * @param retryAfterMs how long the server asks to wait; 0 where it asks nothing
   */
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
