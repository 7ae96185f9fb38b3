import { describe, expect, it } from "vitest";
import { channelPair } from "../../support/channel-pair.js";
import { expectFailure, failureOf } from "../../support/failures.js";
import { answer } from "../../support/fake-transport.js";
import { ACCEPTED, gsTurn, SUCCESS, signal, writeOutOfTurn } from "../../support/secure-channel.js";

const CONFLICT = answer(409, { errcode: "M_CONCURRENT_WRITE" });

describe("a write that is refused with 409", () => {
  it("has arrived where our own data is there: its token is taken, and it goes on", async () => {
    const { g, s, clock, rendezvous } = await channelPair();
    let tries = 0;
    rendezvous.fault = ({ method }) => {
      if (method !== "PUT") return undefined;
      tries++;
      if (tries === 1) return "after";
      return tries === 2 ? CONFLICT : undefined;
    };
    await clock.runUntil(s.send(SUCCESS, signal));
    expect(await g.receive(["m.login.success"], "machine", signal)).toEqual(SUCCESS);
    await g.send(ACCEPTED, signal);
    expect(await s.receive(["m.login.protocol_accepted"], "machine", signal)).toEqual(ACCEPTED);
  });

  it("is explained by the failure that the other device sent out of turn", async () => {
    const pair = await gsTurn();
    await writeOutOfTurn(pair, { type: "m.login.failure", reason: "unable_to_open_verification_uri" });
    const failure = await expectFailure("other_device_failed", () => pair.g.send(ACCEPTED, signal));
    expect(failure).toMatchObject({
      kind: "unsupported",
      details: { reason: "unable_to_open_verification_uri" },
    });
    await pair.g.abandon(failure);
    expect(pair.rendezvous.written("g")).toEqual(["g PUT", "g DELETE"]);
  });

  it("is the other device's mistake where it sent something else out of turn", async () => {
    const pair = await gsTurn();
    await writeOutOfTurn(pair, SUCCESS);
    const failure = await expectFailure("unexpected_message", () => pair.g.send(ACCEPTED, signal));
    await pair.g.abandon(failure);
    expect(pair.rendezvous.written("g")).toEqual(["g PUT", "g DELETE"]);
  });

  it("is a security failure where a stranger wrote", async () => {
    const { g, rendezvous } = await gsTurn();
    rendezvous.interfere("nonsense");
    const failure = await expectFailure("concurrent_write", () => g.send(ACCEPTED, signal));
    expect(failure.kind).toBe("security");
  });

  it("leaves the delivery unknown where an answer was lost and the other device has replied", async () => {
    const { g, s, clock, rendezvous } = await channelPair();
    rendezvous.fault = ({ device, method }) => {
      if (device !== "s" || method !== "PUT") return undefined;
      rendezvous.fault = () => undefined;
      return rendezvous.lostOnce("g PUT");
    };
    const reply = async () => {
      await g.receive(["m.login.success"], "machine", signal);
      await g.send(ACCEPTED, signal);
    };
    const both = Promise.all([failureOf(() => s.send(SUCCESS, signal)), reply()]);
    const [failure] = await clock.runUntil(both);
    expect(failure).toMatchObject({ code: "delivery_unknown", kind: "network" });
  });
});

describe("a write whose answer was lost", () => {
  it("is repeated with the same token and data, and arrives once", async () => {
    const { g, s, clock, rendezvous, sent } = await channelPair();
    rendezvous.fault = ({ method }) => {
      if (method !== "PUT") return undefined;
      rendezvous.fault = () => undefined;
      return "after";
    };
    await clock.runUntil(s.send(SUCCESS, signal));
    const [first, second] = rendezvous.requests.filter(({ method }) => method === "PUT").slice(-2);
    expect(second?.body).toBe(first?.body);
    expect(sent()).toHaveLength(1);
    await g.receive(["m.login.success"], "machine", signal);
    await g.send(ACCEPTED, signal);
    expect(await s.receive(["m.login.protocol_accepted"], "machine", signal)).toEqual(ACCEPTED);
  });

  it("is repeated also where it never arrived", async () => {
    const { g, s, clock, rendezvous } = await channelPair();
    rendezvous.fault = ({ method }) => {
      if (method !== "PUT") return undefined;
      rendezvous.fault = () => undefined;
      return "before";
    };
    await clock.runUntil(s.send(SUCCESS, signal));
    expect(await g.receive(["m.login.success"], "machine", signal)).toEqual(SUCCESS);
  });

  it("may have been read where the session is gone by then", async () => {
    const { g, s, clock, rendezvous } = await channelPair();
    rendezvous.fault = ({ method }) => {
      if (method !== "PUT") return undefined;
      rendezvous.fault = () => undefined;
      return rendezvous.lostOnce("g DELETE");
    };
    const read = g.receive(["m.login.declined"], "machine", signal);
    const sent = failureOf(() => s.sendFinal({ type: "m.login.declined" }, signal));
    const [message, failure] = await clock.runUntil(Promise.all([read, sent]));
    expect(message).toEqual({ type: "m.login.declined" });
    expect(failure).toMatchObject({ code: "delivery_unknown", kind: "network" });
  });
});
