import type { Pace } from "../protocol/rendezvous-session.js";

const FIRST_PAUSE_MS = 50;
const GROWTH = 1.25;
const LONGEST_PAUSE_MS = 1000;

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
