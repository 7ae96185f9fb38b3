import { setTimeout as delay } from "node:timers/promises";

/** Time, handed in so that tests can run it by hand. */
export interface Clock {
  /** Milliseconds on a monotonic clock: deadlines are counted on it. */
  now(): number;
  /** The wall clock, for what is shown and stored. */
  date(): Date;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when that is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Whole milliseconds until a time on the monotonic clock; 0 once it is past. What events say of deadlines. */
export function msUntil(time: number, clock: Pick<Clock, "now">): number {
  return Math.max(0, Math.round(time - clock.now()));
}

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  async sleep(ms, signal) {
    try {
      await delay(Math.max(0, ms), undefined, signal ? { signal } : {});
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};
