import type { Clock } from "../../src/foundation/clock.js";
import { isCryptographyUnderWay } from "./cryptography.js";
import { isFileWorkUnderWay, onceFileWorkIsDone } from "./file-work.js";

/** Turns of the event loop after which nothing more comes by itself. */
const TURNS = 10;

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is advanced. */
export class FakeClock implements Clock {
  #now = 0;
  #sleepers: Sleeper[] = [];
  #runs = 0;

  /** Whether somebody moves time forward just now. */
  get isRunning(): boolean {
    return this.#runs > 0;
  }

  now(): number {
    return this.#now;
  }

  date(): Date {
    return new Date(Date.UTC(2026, 0, 1) + this.#now);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal?.reason);
      };
      const sleeper: Sleeper = {
        wakeAt: this.#now + Math.max(0, ms),
        wake: () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#sleepers.push(sleeper);
    });
  }

  /** Moves time forward, waking sleepers in order and letting what they do settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    this.#runs++;
    for (;;) {
      await settle();
      const next = this.#next();
      if (!next || next.wakeAt > end) break;
      this.#wake(next);
    }
    this.#now = Math.max(this.#now, end);
    await settle();
    this.#runs--;
  }

  /**
   * Advances from sleeper to sleeper until the promise settles: for code whose waits are of no interest.
   *
   * @param end when that has to be at the latest, in milliseconds; for ever by default
   */
  async runUntil<T>(promise: Promise<T>, end = Number.POSITIVE_INFINITY): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    this.#runs++;
    try {
      for (;;) {
        await settle();
        if (settled) return promise;
        const next = this.#next();
        if (next && next.wakeAt > end) throw new Error(`Nothing has come of it by ${end} ms.`);
        if (next) this.#wake(next);
        else if (Number.isFinite(end))
          throw new Error("Nothing will come of it: nobody waits for the clock.");
      }
    } finally {
      this.#runs--;
    }
  }

  #next(): Sleeper | undefined {
    let next: Sleeper | undefined;
    for (const sleeper of this.#sleepers) if (!next || sleeper.wakeAt < next.wakeAt) next = sleeper;
    return next;
  }

  #wake(sleeper: Sleeper): void {
    this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
    this.#now = Math.max(this.#now, sleeper.wakeAt);
    sleeper.wake();
  }
}

/** Lets everything run that waits for nothing but some turns of the event loop, for cryptography, or for files. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    let turns = 0;
    const turn = () => {
      turns = isCryptographyUnderWay() ? 0 : turns + 1;
      if (turns === TURNS) resolve();
      else if (isFileWorkUnderWay()) onceFileWorkIsDone(start);
      else setImmediate(turn);
    };
    const start = () => {
      turns = 0;
      setImmediate(turn);
    };
    start();
  });
}
