import { describe, expect, it } from "vitest";
import { whileWatching } from "../../src/protocol/while-watching.js";
import { settle } from "../support/fake-clock.js";

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
const { signal } = new AbortController();

describe("work that is watched", () => {
  it("gives its result, and the watch is over by then", async () => {
    let watching = true;
    const watch = (watched: AbortSignal) =>
      untilAborted(watched).finally(() => {
        watching = false;
      });
    expect(await whileWatching(watch, async () => "result", signal)).toBe("result");
    expect(watching).toBe(false);
  });

  it("fails with its own failure", async () => {
    const failure = new Error("work");
    await expect(whileWatching(untilAborted, () => Promise.reject(failure), signal)).rejects.toBe(failure);
  });

  it("is ended by a watch that fails, which says why", async () => {
    const failure = new Error("watch");
    let reason: unknown;
    const work = (watched: AbortSignal) =>
      untilAborted(watched).catch((error: unknown) => {
        reason = error;
        throw error;
      });
    await expect(whileWatching(() => Promise.reject(failure), work, signal)).rejects.toBe(failure);
    expect(reason).toBe(failure);
  });

  it("is waited for when the watch has failed, and what it came to doesn't count", async () => {
    const failure = new Error("watch");
    let finish: (() => void) | undefined;
    const work = () =>
      new Promise<string>((resolve) => {
        finish = () => resolve("result");
      });
    let settled = false;
    const both = whileWatching(() => Promise.reject(failure), work, signal).finally(() => {
      settled = true;
    });
    const outcome = expect(both).rejects.toBe(failure);
    await settle();
    expect(settled).toBe(false);
    finish?.();
    await outcome;
  });

  it("doesn't count where the watch has failed by itself while it was being stopped", async () => {
    const failure = new Error("the other device has cancelled");
    const watch = async (watched: AbortSignal): Promise<never> => {
      await untilAborted(watched).catch(() => undefined);
      // What it saw was on its way already.
      await settle();
      throw failure;
    };
    await expect(whileWatching(watch, async () => "result", signal)).rejects.toBe(failure);
  });

  it("ends with the reason of a signal that is aborted meanwhile, and neither goes on", async () => {
    const stop = new AbortController();
    const both = whileWatching(untilAborted, untilAborted, stop.signal);
    const outcome = expect(both).rejects.toBe("interrupted");
    stop.abort("interrupted");
    await outcome;
  });

  it("isn't begun after the signal was aborted", async () => {
    let begun = false;
    const work = async () => {
      begun = true;
    };
    const both = whileWatching(untilAborted, work, AbortSignal.abort("interrupted"));
    await expect(both).rejects.toBe("interrupted");
    expect(begun).toBe(false);
  });
});
