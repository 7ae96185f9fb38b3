import { BEHAVIOURS } from "../../src/dev-homeserver/behaviour.js";
import { RateLimit } from "../../src/dev-homeserver/rendezvous/rate-limit.js";

import { systemClock } from "../../src/foundation/clock.js";
import type { Asked } from "./slow-homeserver.js";

/** What one address may ask of Tuwunel's rendezvous sessions. */
export const TUWUNEL = BEHAVIOURS.tuwunel.rendezvous.rate ?? { burst: 0, perSecond: 0 };

export function rendezvousRequests(asked: readonly Asked[]): readonly Asked[] {
  return asked.filter(({ path }) => path.includes("rendezvous"));
}

/** How many came a second, over the busiest ten seconds after the first twenty. */
export function busiestRate(asked: readonly Pick<Asked, "at">[]): number {
  const later = asked.slice(TUWUNEL.burst);
  const within = later.map(({ at: start }) => later.filter(({ at }) => at >= start && at < start + 10_000));
  return Math.max(0, ...within.map(({ length }) => length)) / 10;
}

/** How many of them Tuwunel would refuse. */
export function refusedByTuwunel(asked: readonly Pick<Asked, "at">[]): number {
  let now = asked[0]?.at ?? 0;
  const limit = new RateLimit({ ...systemClock, now: () => now }, TUWUNEL);
  return asked.filter(({ at }) => {
    now = at;
    try {
      limit.take();
      return false;
    } catch {
      return true;
    }
  }).length;
}
