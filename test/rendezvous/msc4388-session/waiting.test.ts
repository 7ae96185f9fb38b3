import { describe, expect, it } from "vitest";
import { Failure } from "../../../src/foundation/failures.js";
import type { Pace } from "../../../src/protocol/rendezvous-session.js";
import { Msc4388Session } from "../../../src/rendezvous/msc4388-session.js";
import { expectFailure, failureOf } from "../../support/failures.js";
import type { FakeReply } from "../../support/fake-http.js";
import { created, DELETE, GET, GONE, PUT, signal, slot, written } from "../../support/msc4388-world.js";

describe("waiting for the other device", () => {
  const paces: [Pace, number[]][] = [
    ["machine", [125, 225, 335, 456, 589]],
    ["person", [100, 225, 381, 576, 820]],
    ["nobody", [100, 1100, 2100, 3100, 4100]],
  ];
  it.each(paces)("polls at the pace of %s, until the token changes", async (pace, times) => {
    const asked: number[] = [];
    const { session, clock } = await created({
      [GET]: () => {
        asked.push(clock.now());
        return asked.length < 5 ? slot("", "t0") : slot("data", "t1");
      },
    });
    const received = await clock.runUntil(session.waitForChange(pace, signal));
    expect(received.data).toBe("data");
    expect(asked).toEqual(times);
  });

  it("goes by the token, not by the data: the same data again is a message", async () => {
    const { session, clock } = await created({ [GET]: slot("", "t1") });
    expect(await clock.runUntil(session.waitForChange("machine", signal))).toMatchObject({ data: "" });
  });

  it("takes no notice of what it wrote itself", async () => {
    const { session, clock } = await created({
      [PUT]: written("t1"),
      [GET]: [slot("mine", "t1"), slot("theirs", "t2")],
    });
    await session.write("mine", signal);
    expect((await clock.runUntil(session.waitForChange("machine", signal))).data).toBe("theirs");
  });

  it("never asks after the session's time is over, and calls that expired", async () => {
    const asked: number[] = [];
    const { session, clock } = await created({
      [GET]: () => {
        asked.push(clock.now());
        return slot("", "t0", 3500 - clock.now());
      },
    });
    const failure = await clock.runUntil(failureOf(() => session.waitForChange("nobody", signal)));
    expect(failure).toMatchObject({ code: "rendezvous_expired", kind: "late" });
    expect(asked).toEqual([100, 1100, 2100, 3100]);
    expect(clock.now()).toBe(3500);
  });

  it("takes a 429 for no news: it asks ever more rarely, and ends by the session's time alone", async () => {
    const limited: FakeReply = { status: 429, json: { errcode: "M_LIMIT_EXCEEDED" } };
    const { session, clock, http } = await created({ [GET]: limited });
    const times: number[] = [];
    http.on(GET, () => {
      times.push(clock.now());
      return limited;
    });
    const failure = await clock.runUntil(failureOf(() => session.waitForChange("machine", signal)));
    expect(failure.code).toBe("rendezvous_expired");
    expect(clock.now()).toBe(120_000);
    expect(times.slice(0, 6)).toEqual([125, 1125, 3125, 7125, 15_125, 23_125]);
    expect(http.last(GET).final).toEqual([429]);
  });

  it("goes on after a 429, for which it waits as long as the server asks", async () => {
    const { session, clock } = await created({
      [GET]: [{ status: 429, json: { retry_after_ms: 5000 } }, slot("hello", "t1")],
    });
    const received = await clock.runUntil(session.waitForChange("machine", signal));
    expect(received.data).toBe("hello");
    expect(clock.now()).toBe(5125);
  });

  it("keeps to the device's budget, over all its sessions", async () => {
    const { session, api, clock, http } = await created({ [GET]: slot("", "t0") });
    const others = [1, 2, 3].map(() => Msc4388Session.create(api, clock, undefined, signal));
    const stop = new AbortController();
    const waits = [session, ...(await Promise.all(others))].map((each) =>
      each.waitForChange("machine", stop.signal).catch(() => undefined),
    );
    await clock.advance(20_000);
    stop.abort();
    await Promise.all(waits);
    const polls = http.log.filter((entry) => entry === GET).length;
    expect(polls).toBeLessThanOrEqual(10 + 20 * 4.5 + 3);
    expect(polls).toBeGreaterThan(60);
  });

  it("goes by the lifetime that the server told last", async () => {
    const { session, clock } = await created({ [GET]: [slot("", "t0", 5000), slot("x", "t1", 300_000)] });
    await clock.runUntil(session.waitForChange("person", signal));
    expect(session.expiresAt).toBe(300_225);
  });

  it("gives up before its time where the session is gone: somebody ended it", async () => {
    const { session, clock } = await created({ [GET]: [slot("", "t0"), GONE] });
    const failure = await clock.runUntil(failureOf(() => session.waitForChange("person", signal)));
    expect(failure).toMatchObject({ code: "rendezvous_gone", kind: "refused" });
  });

  it("calls a session expired that is gone when its time is over", async () => {
    const { session, clock } = await created({
      [GET]: async () => {
        await clock.advance(120_000);
        return GONE;
      },
    });
    await expectFailure("rendezvous_expired", () => session.waitForChange("person", signal));
  });

  it("ends with the signal's reason", async () => {
    const { session, clock } = await created({ [GET]: slot("", "t0") });
    const stop = new AbortController();
    const waiting = failureOf(() => session.waitForChange("person", stop.signal));
    await clock.advance(1500);
    stop.abort(new Failure("interrupted"));
    expect((await waiting).code).toBe("interrupted");
  });

  it("ends with it also where the session's time is over by then", async () => {
    const stop = new AbortController();
    const { session, clock } = await created({
      [GET]: async () => {
        await clock.advance(120_000);
        stop.abort(new Failure("interrupted"));
        throw stop.signal.reason;
      },
    });
    await expectFailure("interrupted", () => session.waitForChange("person", stop.signal));
  });

  it.each<[string, unknown]>([
    ["no data", { sequence_token: "t1", expires_in_ms: 1 }],
    ["data that is no text", { data: {}, sequence_token: "t1", expires_in_ms: 1 }],
    ["no token", { data: "", expires_in_ms: 1 }],
  ])("fails by an answer with %s", async (_what, json) => {
    const { session } = await created({ [GET]: { json } });
    await expectFailure("server_error", () => session.waitForChange("person", signal));
  });

  it("bounds every answer to 64 KiB", async () => {
    const { session, http } = await created({ [GET]: slot("x", "t1"), [PUT]: written("t2"), [DELETE]: {} });
    await session.waitForChange("machine", signal);
    await session.write("y", signal);
    await session.delete(signal);
    expect(http.requests.map(({ maxBytes }) => maxBytes)).toEqual([65_536, 65_536, 65_536]);
  });

  it("gives every request the end of the session as its deadline", async () => {
    const { session, http } = await created({ [GET]: slot("x", "t1", 60_000), [PUT]: written("t2") });
    await session.waitForChange("machine", signal);
    await session.write("y", signal);
    expect(http.requests.map(({ deadline }) => deadline)).toEqual([120_000, 60_125]);
  });
});
