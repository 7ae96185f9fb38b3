import { expect, it } from "vitest";
import { withinTime } from "../../src/protocol/within-time.js";
import { FakeClock } from "../support/fake-clock.js";

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });

it("work that is done in time has succeeded, and nobody waits for the rest of the time", async () => {
  const clock = new FakeClock();
  expect(await withinTime(3000, clock, async () => "done")).toBe(true);
  expect(clock.now()).toBe(0);
});

it("work that fails has not succeeded, which is all that is said of it", async () => {
  expect(await withinTime(3000, new FakeClock(), () => Promise.reject(new Error("no")))).toBe(false);
});

it("work that takes longer is ended when the time is over, and not before", async () => {
  const clock = new FakeClock();
  let ended: boolean | undefined;
  const done = withinTime(3000, clock, untilAborted).then((succeeded) => {
    ended = succeeded;
  });
  await clock.advance(2999);
  expect(ended).toBeUndefined();
  await clock.advance(1);
  await done;
  expect(ended).toBe(false);
});
