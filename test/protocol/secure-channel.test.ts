import { describe, expect, it } from "vitest";
import type { FailureKind } from "../../src/foundation/failure-kinds.js";
import { Failure, type FailureCode } from "../../src/foundation/failures.js";
import { additionalData } from "../../src/protocol/additional-data.js";
import type { Message } from "../../src/protocol/messages.js";
import { channelPair } from "../support/channel-pair.js";
import { expectFailure, failureOf } from "../support/failures.js";
import { answer } from "../support/fake-transport.js";
import { RENDEZVOUS_URL } from "../support/memory-rendezvous.js";

const { signal } = new AbortController();
const ACCEPTED = { type: "m.login.protocol_accepted" } as const;
const SUCCESS = { type: "m.login.success" } as const;
const CONFLICT = answer(409, { errcode: "M_CONCURRENT_WRITE" });
const cancelled: Message = { type: "m.login.failure", reason: "user_cancelled" };

type Pair = Awaited<ReturnType<typeof channelPair>>;

/** S has sent one message, which G has read: now it is G's turn. */
async function gsTurn(): Promise<Pair> {
  const pair = await channelPair();
  await pair.s.send(SUCCESS, signal);
  await pair.g.receive(["m.login.success"], "machine", signal);
  pair.rendezvous.log.length = 0;
  return pair;
}

/** S writes although it isn't its turn, under the token that its last write has given, as matrix-rust-sdk does. */
async function writeOutOfTurn({ rendezvous, sessions, plain }: Pair, message: Message): Promise<void> {
  const [{ sequenceToken = "" } = {}] = rendezvous.store.live();
  const aad = additionalData(RENDEZVOUS_URL.href, sessions.g.id, sequenceToken);
  rendezvous.interfere(await plain.s.seal(Buffer.from(JSON.stringify(message)), aad));
}

describe("two devices that take turns", () => {
  it("seal under the token of their last GET, which is the one they write with, and open each other", async () => {
    const { g, s, sessions, rendezvous } = await channelPair();
    for (let turn = 0; turn < 3; turn++) {
      await s.send(SUCCESS, signal);
      expect(await g.receive(["m.login.success"], "machine", signal)).toEqual(SUCCESS);
      await g.send(ACCEPTED, signal);
      expect(await s.receive(["m.login.protocol_accepted"], "machine", signal)).toEqual(ACCEPTED);
    }
    const writes = rendezvous.requests.filter(({ method }) => method === "PUT").slice(-6);
    const aads = writes.map(({ body = "" }) => JSON.parse(JSON.parse(body).data)[2]);
    const tokens = writes.map(({ body = "" }) => JSON.parse(body).sequence_token);
    expect(aads).toEqual(
      tokens.map((token) =>
        Buffer.from(additionalData(RENDEZVOUS_URL.href, sessions.g.id, token)).toString(),
      ),
    );
    expect(new Set(tokens).size).toBe(6);
  });

  it("a message that was written twice in a row opens with the token that was seen last", async () => {
    const pair = await gsTurn();
    await writeOutOfTurn(pair, ACCEPTED);
    expect(await pair.g.receive(["m.login.protocol_accepted"], "machine", signal)).toEqual(ACCEPTED);
  });

  it("a message that was changed on its way is not authentic", async () => {
    const { g, s, sessions, rendezvous } = await channelPair();
    await s.send(SUCCESS, signal);
    const [state] = rendezvous.store.live();
    rendezvous.interfere(`${state?.data} `);
    await expectFailure("message_not_authentic", () => g.receive(["m.login.success"], "machine", signal));
    expect(sessions.g.id).toBe(state?.id);
  });

  it("a message that is played again is not authentic", async () => {
    const { g, s, rendezvous } = await channelPair();
    await s.send(SUCCESS, signal);
    const [state] = rendezvous.store.live();
    await g.receive(["m.login.success"], "machine", signal);
    await g.send(ACCEPTED, signal);
    rendezvous.interfere(state?.data ?? "");
    await expectFailure("message_not_authentic", () => g.receive(["m.login.success"], "machine", signal));
  });

  it.each([
    ["a type that nobody knows", { type: "m.login.magic" }],
    ["a type that has no place here", SUCCESS],
    ["the wrong shape", { type: "m.login.protocol", device_id: "ABCDEFGHIJ" }],
    ["no object", [ACCEPTED]],
  ])("a message of %s is unexpected, and the other device is told so", async (_what, message) => {
    const { g, plain, sessions, rendezvous, sent, clock } = await channelPair();
    const aad = sessions.s.additionalData;
    rendezvous.interfere(await plain.s.seal(Buffer.from(JSON.stringify(message)), aad));
    const failure = await expectFailure("unexpected_message", () =>
      g.receive(["m.login.protocol_accepted"], "machine", signal),
    );
    expect(failure.kind).toBe("unsupported");
    await clock.runUntil(g.abandon(failure));
    expect(sent().at(-1)?.message).toEqual({
      type: "m.login.failure",
      reason: "unexpected_message_received",
    });
  });

  it("what is no JSON is unexpected as well", async () => {
    const { g, plain, sessions, rendezvous } = await channelPair();
    const aad = sessions.s.additionalData;
    rendezvous.interfere(await plain.s.seal(Buffer.from("{"), aad));
    await expectFailure("unexpected_message", () => g.receive(["m.login.success"], "machine", signal));
  });
});

describe("a device whose turn it isn't", () => {
  it("sends nothing, which would make what the other one writes unreadable", async () => {
    const { g, rendezvous } = await channelPair();
    await expect(g.send(SUCCESS, signal)).rejects.toThrow("only on its turn");
    expect(rendezvous.written("g")).toEqual([]);
  });
});

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

describe("a session that is watched on our turn", () => {
  it("ends the wait when it is deleted", async () => {
    const { g, rendezvous, clock } = await gsTurn();
    const watched = failureOf(() => g.watch(signal));
    await clock.advance(5000);
    rendezvous.store.clear();
    await clock.advance(1000);
    expect(await watched).toMatchObject({ code: "rendezvous_gone", kind: "refused" });
  });

  it("ends the wait when it expires", async () => {
    const { g, clock } = await gsTurn();
    const watched = clock.runUntil(failureOf(() => g.watch(signal)));
    expect(await watched).toMatchObject({ code: "rendezvous_expired", kind: "late" });
    expect(clock.now()).toBe(120_000);
  });

  it("ends it too when the other device writes what is no failure", async () => {
    const pair = await gsTurn();
    await writeOutOfTurn(pair, SUCCESS);
    await expectFailure("unexpected_message", () => pair.g.watch(signal));
  });

  it("ends it when a stranger writes", async () => {
    const { g, rendezvous } = await gsTurn();
    rendezvous.interfere("nonsense");
    const failure = await expectFailure("message_not_authentic", () => g.watch(signal));
    expect(failure.kind).toBe("security");
  });
});

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
