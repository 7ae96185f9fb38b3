import { describe, expect, it } from "vitest";
import { additionalData } from "../../../src/protocol/additional-data.js";
import { channelPair } from "../../support/channel-pair.js";
import { expectFailure, failureOf } from "../../support/failures.js";
import { RENDEZVOUS_URL } from "../../support/memory-rendezvous.js";
import { ACCEPTED, gsTurn, SUCCESS, signal, writeOutOfTurn } from "../../support/secure-channel.js";

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
