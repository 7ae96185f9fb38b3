import { describe, expect, it } from "vitest";
import { sideBySide } from "../../src/foundation/side-by-side.js";

const { signal } = new AbortController();
const [first, second] = [new Error("first"), new Error("second")];

describe("work that is done side by side", () => {
  it("gives all results in the order of the work", async () => {
    const slow = () => new Promise<string>((resolve) => setImmediate(resolve, "slow"));
    expect(await sideBySide([slow, async () => 2], signal)).toEqual(["slow", 2]);
  });

  it("fails by what is first in order, also where another failed before", async () => {
    const late = () => new Promise<never>((_, reject) => setImmediate(reject, first));
    await expect(sideBySide([late, () => Promise.reject(second)], signal)).rejects.toBe(first);
  });

  it("waits for nothing after a failure, and ends it", async () => {
    let other: AbortSignal | undefined;
    const endless = (given: AbortSignal) => {
      other = given;
      return new Promise(() => undefined);
    };
    await expect(sideBySide([() => Promise.reject(first), endless], signal)).rejects.toBe(first);
    expect(other?.aborted).toBe(true);
  });

  it("ends with the signal", async () => {
    const stop = new AbortController();
    const until = (given: AbortSignal) =>
      new Promise<never>((_, reject) => {
        given.addEventListener("abort", () => reject(given.reason));
      });
    const done = sideBySide([until, until], stop.signal);
    stop.abort(first);
    await expect(done).rejects.toBe(first);
  });
});
