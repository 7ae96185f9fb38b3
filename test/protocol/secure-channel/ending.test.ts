import { describe, expect, it } from "vitest";
import type { FailureKind } from "../../../src/foundation/failure-kinds.js";
import { Failure, type FailureCode } from "../../../src/foundation/failures.js";
import type { Message } from "../../../src/protocol/messages.js";
import { channelPair } from "../../support/channel-pair.js";
import { expectFailure, failureOf } from "../../support/failures.js";
import { answer } from "../../support/fake-transport.js";
import { gsTurn, SUCCESS, signal, writeOutOfTurn } from "../../support/secure-channel.js";

const cancelled: Message = { type: "m.login.failure", reason: "user_cancelled" };

describe("the last message", () => {
  it("is deleted by whoever reads it, which its writer takes as a receipt", async () => {
    const { g, s, clock, rendezvous } = await channelPair();
    const sent = s.sendFinal({ type: "m.login.declined" }, signal);
    const read = g.receive(["m.login.declined"], "machine", signal);
    await clock.runUntil(Promise.all([sent, read]));
    expect(rendezvous.written("s")).toEqual(["s PUT"]);
    expect(rendezvous.written("g")).toEqual(["g DELETE"]);
    expect(clock.now()).toBeLessThan(3000);
  });

  it("counts as sent after 3 s without a receipt, and its writer deletes nothing", async () => {
    const { s, clock, rendezvous } = await channelPair();
    let isSent = false;
    const sent = s.sendFinal({ type: "m.login.declined" }, signal).then(() => {
      isSent = true;
    });
    await clock.advance(2999);
    expect(isSent).toBe(false);
    await clock.advance(1);
    await sent;
    await s.abandon(new Failure("consent_declined"));
    expect(rendezvous.written("s")).toEqual(["s PUT"]);
    expect(rendezvous.store.live()).toHaveLength(1);
  });

  it("counts as sent also where the server can't be reached for the receipt", async () => {
    const { s, clock, rendezvous } = await channelPair();
    rendezvous.fault = ({ method }) => (method === "GET" ? "before" : undefined);
    const started = clock.now();
    await clock.runUntil(s.sendFinal({ type: "m.login.declined" }, signal));
    expect(clock.now() - started).toBe(3000);
  });

  it.each<[string, Message]>([
    ["a failure", cancelled],
    ["declined", { type: "m.login.declined" }],
  ])("is deleted by its reader when it is %s, also where another was waited for", async (_what, message) => {
    const { g, s, rendezvous } = await channelPair();
    await s.send(message, signal);
    const failure = await failureOf(() => g.receive(["m.login.success"], "person", signal));
    await g.abandon(failure);
    expect(rendezvous.written("g")).toEqual(["g DELETE"]);
  });

  it("is read even where the server refuses to delete the session", async () => {
    const { g, s, clock, rendezvous } = await channelPair();
    rendezvous.fault = ({ method }) => (method === "DELETE" ? answer(500) : undefined);
    await s.send({ type: "m.login.declined" }, signal);
    const read = clock.runUntil(g.receive(["m.login.declined"], "person", signal));
    expect(await read).toEqual({ type: "m.login.declined" });
  });
});

describe("a failure here", () => {
  // MSC4108 §Message reference, `m.login.failure`.
  it.each<[FailureCode, string]>([
    ["authorization_expired", "authorization_expired"],
    ["device_already_exists", "device_already_exists"],
    ["device_not_found", "device_not_found"],
    ["unexpected_message", "unexpected_message_received"],
    ["unsupported_protocol", "unsupported_protocol"],
    ["homeserver_without_oauth", "unsupported_protocol"],
    ["homeserver_without_device_grant", "unsupported_protocol"],
    ["homeserver_without_registration", "unsupported_protocol"],
    ["unable_to_open_verification_uri", "unable_to_open_verification_uri"],
    ["user_cancelled", "user_cancelled"],
    ["interrupted", "user_cancelled"],
    ["hangup", "user_cancelled"],
    ["terminated", "user_cancelled"],
  ])("of %s is sent as %s on our turn, and the session left to the reader", async (code, reason) => {
    const { s, clock, rendezvous, sent } = await channelPair();
    await clock.runUntil(s.abandon(new Failure(code)));
    expect(sent()).toEqual([{ from: "s", message: { type: "m.login.failure", reason } }]);
    expect(rendezvous.written("s")).toEqual(["s PUT"]);
  });

  it("that was sent is waited for to be read, and no longer than 3 s", async () => {
    const { s, clock } = await channelPair();
    const started = clock.now();
    await clock.runUntil(s.abandon(new Failure("user_cancelled")));
    expect(clock.now() - started).toBe(3000);
  });

  it.each<FailureCode>(["user_cancelled", "unexpected_message", "interrupted"])(
    "of %s on the other device's turn is not sent: the session is deleted",
    async (code) => {
      const { g, s, rendezvous, sent } = await channelPair();
      await g.abandon(new Failure(code));
      expect(rendezvous.written("g")).toEqual(["g DELETE"]);
      expect(sent()).toEqual([]);
      await expectFailure("rendezvous_gone", () => s.receive(["m.login.protocol"], "machine", signal));
    },
  );

  it.each<FailureCode>([
    "unexpected_user",
    "secrets_mismatch",
    "url_refused",
    "network_error",
    "server_error",
    "file_error",
    "timed_out",
    "message_not_authentic",
    "internal_error",
  ])("of %s fits no reason of the MSC: the session is deleted, even on our turn", async (code) => {
    const { s, rendezvous, sent } = await channelPair();
    await s.abandon(new Failure(code));
    expect(rendezvous.written("s")).toEqual(["s DELETE"]);
    expect(sent()).toEqual([]);
  });

  it.each<FailureCode>(["rendezvous_gone", "rendezvous_expired"])(
    "of %s leaves nothing to be done",
    async (code) => {
      const { s, rendezvous } = await channelPair();
      await s.abandon(new Failure(code));
      expect(rendezvous.log).toEqual([]);
    },
  );

  it("after a write whose outcome isn't known is not sent, since nobody could open it", async () => {
    const { s, clock, rendezvous } = await channelPair();
    rendezvous.fault = ({ method }) => (method === "PUT" ? "after" : undefined);
    await clock.runUntil(expectFailure("network_error", () => s.send(SUCCESS, signal)));
    rendezvous.fault = () => undefined;
    const before = rendezvous.written("s").length;
    await s.abandon(new Failure("user_cancelled"));
    expect(rendezvous.written("s").slice(before)).toEqual(["s DELETE"]);
  });

  it("takes 3.5 s at most, also where the server doesn't answer, and throws nothing", async () => {
    const { s, clock, rendezvous } = await channelPair();
    rendezvous.fault = () => "before";
    const started = clock.now();
    await clock.runUntil(s.abandon(new Failure("user_cancelled")));
    expect(clock.now() - started).toBeLessThanOrEqual(3500);
  });

  it("takes no longer after the last message was read, whose session can't be deleted", async () => {
    const { g, s, clock, rendezvous } = await channelPair();
    rendezvous.fault = ({ method }) => (method === "DELETE" ? answer(500) : undefined);
    await s.send({ type: "m.login.declined" }, signal);
    await clock.runUntil(g.receive(["m.login.declined"], "person", signal));
    const started = clock.now();
    await clock.runUntil(g.abandon(new Failure("secrets_mismatch")));
    expect(clock.now() - started).toBe(3500);
  });
});

describe("a failure of the other device", () => {
  it.each<[string, FailureCode, FailureKind]>([
    ["user_cancelled", "other_device_cancelled", "refused"],
    ["authorization_expired", "authorization_expired", "late"],
    ["device_already_exists", "other_device_failed", "unsupported"],
    ["device_not_found", "other_device_failed", "unsupported"],
    ["unexpected_message_received", "other_device_failed", "unsupported"],
    ["unsupported_protocol", "other_device_failed", "unsupported"],
    ["unable_to_open_verification_uri", "other_device_failed", "unsupported"],
    ["org.example.unheard_of", "other_device_failed", "unsupported"],
    ["constructor", "other_device_failed", "unsupported"],
    ["__proto__", "other_device_failed", "unsupported"],
  ])("with the reason %s is %s here, of the kind %s", async (reason, code, kind) => {
    const { g, s } = await channelPair();
    await s.send({ type: "m.login.failure", reason, homeserver: "example.org" }, signal);
    const failure = await expectFailure(code, () => g.receive(["m.login.protocol"], "machine", signal));
    expect(failure.kind).toBe(kind);
    expect(failure.details).toMatchObject({ reason, homeserver: "example.org" });
    expect(failure.message).toMatch(/^(The other device|Nobody|Too late:) [\w\s,'-]+\.$/);
  });

  it("is understood out of turn, while we wait for something else, and the session is deleted", async () => {
    const pair = await gsTurn();
    await writeOutOfTurn(pair, cancelled);
    const failure = await expectFailure("other_device_cancelled", () => pair.g.watch(signal));
    await pair.g.abandon(failure);
    expect(pair.rendezvous.written("g")).toEqual(["g DELETE"]);
  });
});
