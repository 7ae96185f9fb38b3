import { describe, expect, it } from "vitest";
import type { Intent } from "../../src/foundation/events.js";
import { encodeBase64 } from "../../src/protocol/base64.js";
import { ALL_DIALECTS } from "../../src/protocol/dialects.js";
import {
  answerScan,
  initiateSecureChannel,
  receiveScan,
  type UnconfirmedSecureChannel,
} from "../../src/protocol/establishment.js";
import { initiateHpkeChannel, offerHpkeChannel } from "../../src/protocol/hpke-channel.js";
import { msc4388Messages } from "../../src/protocol/messages.js";
import { SecureChannel } from "../../src/protocol/secure-channel.js";
import { Msc4388Session } from "../../src/rendezvous/msc4388-session.js";
import { expectedUser } from "../support/expected-user.js";
import { expectFailure, failureOf } from "../support/failures.js";
import { FakeClock, settle } from "../support/fake-clock.js";
import { lookSoon, MemoryRendezvous, RENDEZVOUS_URL } from "../support/memory-rendezvous.js";
import { USER } from "../support/sessions.js";

const { signal } = new AbortController();
const SUCCESS = { type: "m.login.success" } as const;

/** A code on show, and as many scanners as a test wants. */
async function onShow() {
  const clock = new FakeClock();
  const rendezvous = new MemoryRendezvous(clock);
  const session = await Msc4388Session.create(rendezvous.api("g"), clock, undefined, signal);
  lookSoon(session, clock);
  const offered = await offerHpkeChannel({ dialects: ["msc"] });
  const over = (own: Msc4388Session) => ({ session: own, clock, messages: msc4388Messages });
  const insecure = over(session);
  const accept = async <Role extends Intent = "new">(role: Role = "new" as Role) =>
    answerScan(role, insecure, await receiveScan(insecure, offered, signal), signal);
  const join = async (device = "s") => {
    const joined = await Msc4388Session.join(
      rendezvous.api(device),
      clock,
      { id: session.id, boundUrl: RENDEZVOUS_URL.href },
      signal,
    );
    if (!joined) throw new Error("The server doesn't know its own API.");
    return () =>
      initiateSecureChannel(
        "existing",
        over(joined),
        initiateHpkeChannel(offered.publicKey, joined.additionalData, { dialects: ALL_DIALECTS }),
        signal,
      );
  };
  return { clock, rendezvous, session, accept, join };
}

/** Both devices, S secure and G waiting for the code. */
async function unconfirmed() {
  const all = await onShow();
  const initiate = await all.join();
  const [g, s] = await all.clock.runUntil(Promise.all([all.accept(), initiate()]));
  all.rendezvous.log.length = 0;
  return { ...all, g, s };
}

/** G's watch, for so long. */
async function watchFor(ms: number, g: UnconfirmedSecureChannel<"new">, clock: FakeClock) {
  const stop = new AbortController();
  const watched = g.watch(stop.signal).catch((reason: unknown) => reason);
  await clock.advance(ms);
  stop.abort("typed");
  return watched;
}

describe("a code that is scanned", () => {
  it("makes a channel that is secure for S at once, and for G once the code is typed", async () => {
    const { clock, g, s } = await unconfirmed();
    expect(s.checkCode).toMatch(/^[1-9][0-9]$/);
    expect(s.dialect).toBe("msc");
    const confirmed = g.confirm(s.checkCode);
    expect(confirmed?.dialect).toBe("msc");
    await s.channel.send(SUCCESS, signal);
    const received = confirmed?.channel.receive(["m.login.success"], "machine", signal);
    expect(await clock.runUntil(Promise.resolve(received))).toEqual(SUCCESS);
  });

  it("is not confirmed by any other code, and may be by the right one after it", async () => {
    const others = (code: string) => ["", "0", "00", `${code}a`, `0${code}`, code === "42" ? "43" : "42"];
    for (const at of others("42").keys()) {
      const { g, s } = await unconfirmed();
      expect(g.confirm(others(s.checkCode)[at] ?? "")).toBeUndefined();
      expect(g.confirm(s.checkCode)).toBeDefined();
    }
  });

  it("is confirmed by its code in any spelling", async () => {
    const { g, s } = await unconfirmed();
    const fullWidth = s.checkCode.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)));
    expect(g.confirm(` ${fullWidth.split("").join("\u2010")}\u200b`)).toBeDefined();
  });

  it("is not confirmed by guessing: after three wrong codes the right one is refused too", async () => {
    const { g, s } = await unconfirmed();
    for (const wrong of ["0", "1", "2"]) expect(g.confirm(wrong)).toBeUndefined();
    expect(() => g.confirm(s.checkCode)).toThrow(expect.objectContaining({ code: "check_code_wrong" }));
  });

  it("can be gone on with by a device that holds the outcome to a user, which learns the code", async () => {
    const { clock, g, s } = await unconfirmed();
    const { channel, checkCode } = g.confirmForExpectedUser(await expectedUser());
    expect(checkCode).toBe(s.checkCode);
    expect(SecureChannel.expectedUserOf(channel)?.userId).toBe(USER);
    await s.channel.send(SUCCESS, signal);
    expect(await clock.runUntil(channel.receive(["m.login.success"], "machine", signal))).toEqual(SUCCESS);
  });

  it("works once: the second who scans it is told so, and touches nothing", async () => {
    const { join, rendezvous } = await unconfirmed();
    const failure = await expectFailure("concurrent_write", () => join("late"));
    expect(failure.kind).toBe("security");
    expect(failure.message).toMatch(/used this QR code before/);
    expect(rendezvous.written("late")).toEqual([]);
  });

  it("by two at the same time is one's, and the other sees that somebody else wrote", async () => {
    const { clock, accept, join } = await onShow();
    const [first, second] = [await join("first"), await join("second")];
    const g = accept();
    const [one, other] = await clock.runUntil(Promise.allSettled([first(), second()]));
    expect([one?.status, other?.status].sort()).toEqual(["fulfilled", "rejected"]);
    const lost = one?.status === "rejected" ? one : other;
    expect(lost).toMatchObject({ reason: { code: "concurrent_write", kind: "security" } });
    const won = one?.status === "fulfilled" ? one : other;
    if (won?.status !== "fulfilled") throw new Error("Nobody has won.");
    expect((await clock.runUntil(g)).confirm(won.value.checkCode)).toBeDefined();
  });

  it("by somebody who doesn't know its key is not answered", async () => {
    const { clock, accept, rendezvous } = await onShow();
    const outcome = failureOf(accept);
    rendezvous.interfere("AAAA");
    expect(await clock.runUntil(outcome)).toMatchObject({ code: "message_not_authentic", kind: "security" });
    expect(rendezvous.written("g")).toEqual(["g POST"]);
  });

  it("is not secure for S where the answer is not G's, and S shows no code", async () => {
    const { clock, join, rendezvous } = await onShow();
    const initiate = await join();
    rendezvous.fault = ({ device, method }) => {
      if (device === "s" && method === "GET") rendezvous.interfere(encodeBase64(Buffer.alloc(71)));
      return undefined;
    };
    const outcome = clock.runUntil(failureOf(initiate));
    expect(await outcome).toMatchObject({ code: "message_not_authentic", kind: "security" });
  });

  it("survives lost answers of both handshake messages", async () => {
    const { clock, accept, join, rendezvous } = await onShow();
    const lost = new Set<string>();
    rendezvous.fault = ({ device, method }) => {
      if (method !== "PUT" || lost.has(device)) return undefined;
      lost.add(device);
      // S's message gets lost itself: had G replied to it, nobody could tell.
      return device === "s" ? "before" : "after";
    };
    const initiate = await join();
    const [g, s] = await clock.runUntil(Promise.all([accept(), initiate()]));
    expect(lost).toEqual(new Set(["g", "s"]));
    expect(g.confirm(s.checkCode)).toBeDefined();
  });

  it("leaves S in the dark where its message's answer was lost, and G has replied to it", async () => {
    const { clock, accept, join, rendezvous } = await onShow();
    const answered = async () => {
      while (!rendezvous.log.includes("g PUT")) await settle();
      return "after" as const;
    };
    rendezvous.fault = ({ device, method }) => {
      if (device !== "s" || method !== "PUT") return undefined;
      rendezvous.fault = () => undefined;
      return answered();
    };
    const initiate = await join();
    const [, failure] = await clock.runUntil(Promise.all([accept(), failureOf(initiate)]));
    expect(failure).toMatchObject({ code: "delivery_unknown", kind: "network" });
  });
});

describe("while the code is typed", () => {
  it("S's first message is kept as it is, and read after the code", async () => {
    const { clock, g, s } = await unconfirmed();
    await s.channel.send(SUCCESS, signal);
    expect(await watchFor(10_000, g, clock)).toBe("typed");
    const confirmed = g.confirm(s.checkCode);
    // It was fetched before: no request is needed for it.
    expect(await confirmed?.channel.receive(["m.login.success"], "machine", signal)).toEqual(SUCCESS);
    await confirmed?.channel.send({ type: "m.login.declined" }, signal);
    const reply = s.channel.receive(["m.login.declined"], "machine", signal);
    expect(await clock.runUntil(reply)).toEqual({ type: "m.login.declined" });
  });

  it("it is kept over a wrong code, too", async () => {
    const { clock, g, s } = await unconfirmed();
    await s.channel.send(SUCCESS, signal);
    await watchFor(2000, g, clock);
    expect(g.confirm("00")).toBeUndefined();
    expect(await watchFor(5000, g, clock)).toBe("typed");
    const confirmed = g.confirm(s.checkCode);
    expect(await confirmed?.channel.receive(["m.login.success"], "machine", signal)).toEqual(SUCCESS);
  });

  it("nothing is written", async () => {
    const { clock, g, s, rendezvous } = await unconfirmed();
    await s.channel.send(SUCCESS, signal);
    await watchFor(10_000, g, clock);
    expect(rendezvous.written("g")).toEqual([]);
  });

  it.each([0, 1])(
    "a second change ends the wait, whoever made it, after %d wrong codes",
    async (wrongCodes) => {
      const { clock, g, s, rendezvous } = await unconfirmed();
      await s.channel.send(SUCCESS, signal);
      for (let typed = 0; typed < wrongCodes; typed++) await watchFor(2000, g, clock);
      const outcome = failureOf(() => g.watch(signal));
      await clock.advance(2000);
      rendezvous.interfere("nonsense");
      expect(await clock.runUntil(outcome)).toMatchObject({
        code: "unexpected_message",
        kind: "unsupported",
      });
    },
  );

  it("the end of the session ends it: deleted is a refusal, expired is too late", async () => {
    const deleted = await unconfirmed();
    const outcome = failureOf(() => deleted.g.watch(signal));
    await deleted.clock.advance(2000);
    deleted.rendezvous.store.clear();
    expect(await deleted.clock.runUntil(outcome)).toMatchObject({ code: "rendezvous_gone", kind: "refused" });

    const expired = await unconfirmed();
    const late = failureOf(() => expired.g.watch(signal));
    expect(await expired.clock.runUntil(late)).toMatchObject({ code: "rendezvous_expired", kind: "late" });
  });
});
