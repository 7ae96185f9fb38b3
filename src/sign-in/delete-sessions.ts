import type { Clock } from "../foundation/clock.js";
import type { RendezvousSession } from "../protocol/rendezvous-session.js";
import { withinTime } from "../protocol/within-time.js";

const DELETE_MS = 3500;

/** Deletes rendezvous sessions that came to nothing, as far as that can be done in a short time. Never throws. */
export async function deleteSessions(sessions: readonly RendezvousSession[], clock: Clock): Promise<void> {
  await withinTime(DELETE_MS, clock, (time) =>
    Promise.allSettled(sessions.map((session) => session.delete(time))),
  );
}
