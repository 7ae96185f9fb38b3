import { describe, expect, it } from "vitest";
import { withinRun } from "../../src/commands/run-deadline.js";
import type { LoginEvent } from "../../src/foundation/events.js";
import { FakeClock } from "../support/fake-clock.js";
import { EXAMPLES } from "../ui/event-examples.js";

/** What is told of an event in a run of that many milliseconds. */
function told(event: LoginEvent, runMs: number | undefined) {
  const clock = new FakeClock();
  const events: LoginEvent[] = [];
  const emit = withinRun(
    (one) => events.push(one),
    runMs === undefined ? undefined : clock.now() + runMs,
    clock,
  );
  emit(event);
  return { event: events[0], end: new Date(clock.date().getTime() + (runMs ?? 0)).toISOString() };
}

describe("how long there is, within a run that ends", () => {
  it("is what is left of the run where a server would give more", () => {
    const { event } = told(EXAMPLES.waiting_for_consent, 4000);
    expect(event).toEqual({ ...EXAMPLES.waiting_for_consent, expires_in_ms: 4000 });
  });

  it("is said as a time, too, where the event has one", () => {
    const { event, end } = told(EXAMPLES.qr, 4000);
    expect(event).toEqual({ ...EXAMPLES.qr, expires_in_ms: 4000, expires_at: end });
  });

  it.each([
    ["the server gives less", 24 * 60 * 60 * 1000],
    ["the run has no end", undefined],
  ])("is as the server says where %s", (_where, runMs) => {
    expect(told(EXAMPLES.qr, runMs).event).toEqual(EXAMPLES.qr);
    expect(told(EXAMPLES.done, runMs).event).toEqual(EXAMPLES.done);
  });
});
