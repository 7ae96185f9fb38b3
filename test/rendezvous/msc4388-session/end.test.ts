import { describe, expect, it } from "vitest";
import { Msc4388Session } from "../../../src/rendezvous/msc4388-session.js";
import { expectFailure, failureOf } from "../../support/failures.js";
import { FakeClock } from "../../support/fake-clock.js";
import { answer } from "../../support/fake-transport.js";
import { MemoryRendezvous, RENDEZVOUS_URL } from "../../support/memory-rendezvous.js";
import { created, DELETE, GET, GONE, signal, slot } from "../../support/msc4388-world.js";

describe("the end of a session", () => {
  it("is waited for also where the server limits the rate", async () => {
    const { session, clock } = await created({ [GET]: [{ status: 429 }, GONE] });
    await clock.runUntil(session.waitUntilGone(signal));
    expect(clock.now()).toBe(1125);
  });

  it("is waited for whatever is written meanwhile", async () => {
    const { session, clock } = await created({ [GET]: [slot("a", "t1"), slot("b", "t2"), GONE] });
    await clock.runUntil(session.waitUntilGone(signal));
    expect(clock.now()).toBe(335);
  });

  it("may have come before it is deleted", async () => {
    const { session } = await created({ [DELETE]: GONE });
    await expect(session.delete(signal)).resolves.toBeUndefined();
  });

  it("may be answered with anything, as by Synapse with a list, or with no JSON at all", async () => {
    for (const json of [[], "", "OK"]) {
      const { session, http } = await created({ [DELETE]: { json } });
      await session.delete(signal);
      expect(http.last(DELETE).expectJson).toBe(false);
    }
  });

  it("that the server refuses is a failure", async () => {
    const { session } = await created({ [DELETE]: { status: 403, json: {} } });
    await expectFailure("server_error", () => session.delete(signal));
  });
});

describe("a session over a network that loses answers", () => {
  it("is not lost with them: polls and writes are repeated", async () => {
    const clock = new FakeClock();
    const rendezvous = new MemoryRendezvous(clock);
    const g = await Msc4388Session.create(rendezvous.api("g"), clock, undefined, signal);
    const s = await Msc4388Session.join(
      rendezvous.api("s"),
      clock,
      { id: g.id, boundUrl: RENDEZVOUS_URL.href },
      signal,
    );
    if (!s) throw new Error("The server doesn't know its own API.");
    const lost = new Set<string>();
    rendezvous.fault = ({ device, method }) => {
      const name = `${device} ${method}`;
      if (lost.has(name)) return undefined;
      lost.add(name);
      return "after";
    };
    await clock.runUntil(s.write("hello", signal));
    expect(await clock.runUntil(g.waitForChange("machine", signal))).toMatchObject({ data: "hello" });
    await clock.runUntil(g.write("back", signal));
    expect(await clock.runUntil(s.waitForChange("machine", signal))).toMatchObject({ data: "back" });
    expect(lost).toEqual(new Set(["s PUT", "g GET", "g PUT", "s GET"]));
  });

  it("is expired where its last request ran out of time", async () => {
    const { clock, rendezvous, session } = await overMemory(5000);
    const never = new Promise<"after">(() => undefined);
    rendezvous.fault = () => (clock.now() > 3500 ? never : undefined);
    const failure = await clock.runUntil(failureOf(() => session.waitForChange("person", signal)));
    expect(failure).toMatchObject({ code: "rendezvous_expired", kind: "late" });
    expect(clock.now()).toBe(5000);
  });

  it("fails by the network where that was so before its time was over", async () => {
    const { clock, rendezvous, session } = await overMemory(60_000);
    rendezvous.fault = () => "before";
    const failure = await clock.runUntil(failureOf(() => session.waitForChange("person", signal)));
    expect(failure).toMatchObject({ code: "network_error", kind: "network" });
    expect(clock.now()).toBeLessThanOrEqual(10_000);
  });

  it("refuses an answer that is larger than any of a rendezvous", async () => {
    const { clock, rendezvous, session } = await overMemory(60_000);
    rendezvous.fault = () => answer(200, { data: "x".repeat(65_536), sequence_token: "t", expires_in_ms: 1 });
    const failure = await clock.runUntil(failureOf(() => session.waitForChange("person", signal)));
    expect(failure).toMatchObject({ code: "server_error", kind: "network" });
    expect(failure.message).toContain("too large");
  });
});

async function overMemory(lifetimeMs: number) {
  const clock = new FakeClock();
  const rendezvous = new MemoryRendezvous(clock, { lifetimeMs });
  const session = await Msc4388Session.create(rendezvous.api("g"), clock, undefined, signal);
  return { clock, rendezvous, session };
}
