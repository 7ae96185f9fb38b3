import { type Clock, msUntil } from "../foundation/clock.js";
import type { Emit, LoginEvent } from "../foundation/events.js";

/**
 * Events of a run that ends in time, whatever time a server would give. What they say is left of anything is no more
 * than what is left of the run: at its end the rendezvous session is deleted and the sign-in undone.
 *
 * @param deadline when --timeout is over, in milliseconds on the clock
 */
export function withinRun(emit: Emit, deadline: number | undefined, clock: Clock): Emit {
  if (deadline === undefined) return emit;
  return (event) => emit(cut(event, msUntil(deadline, clock), clock));
}

function cut(event: LoginEvent, leftMs: number, clock: Clock): LoginEvent {
  if (!("expires_in_ms" in event) || event.expires_in_ms === undefined) return event;
  if (event.expires_in_ms <= leftMs) return event;
  const shortened = { ...event, expires_in_ms: leftMs };
  if (!("expires_at" in shortened)) return shortened;
  return { ...shortened, expires_at: new Date(clock.date().getTime() + leftMs).toISOString() };
}
