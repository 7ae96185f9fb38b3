import { describe, expect, it } from "vitest";
import { Failure } from "../../../src/foundation/failures.js";
import { additionalData } from "../../../src/protocol/additional-data.js";
import type { TokenPoll } from "../../../src/protocol/homeserver.js";
import { NEW_DEVICE } from "../../support/memory-homeserver.js";
import { RENDEZVOUS_URL } from "../../support/memory-rendezvous.js";
import {
  accept,
  against,
  deletesOf,
  GRANTED,
  type New,
  newDevice,
  sendingSecretsOf,
  sentBy,
  signal,
  untilSuccess,
} from "../../support/played-existing-device.js";
import { USER } from "../../support/sessions.js";

describe("a new device that polls for its tokens", () => {
  /** When the token endpoint was asked, from the first time on. */
  function recordPolls({ homeserver, clock }: New, answers: TokenPoll[]) {
    const times: number[] = [];
    homeserver.polls = [
      async () => {
        times.push(clock.now());
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        if (!answer) throw new Error("There is no answer.");
        return answer;
      },
    ];
    return () => times.map((time) => time - (times[0] ?? 0));
  }

  it("asks at once, then every interval, and 5 s more rarely after each slow_down", async () => {
    const device = await newDevice();
    const pending = { status: "pending" } as const;
    const slowDown = { status: "slow_down" } as const;
    const times = recordPolls(device, [pending, pending, slowDown, pending, slowDown, pending, GRANTED]);
    device.homeserver.devices.add(NEW_DEVICE);
    const { result } = await against(device, sendingSecretsOf(device.homeserver));
    expect(result).toEqual({ userId: USER, deviceId: NEW_DEVICE, deviceKeys: "uploaded" });
    expect(times()).toEqual([0, 5000, 10_000, 20_000, 30_000, 45_000, 60_000]);
  });

  it("says how long there is to consent: to the end of the session or of the authorization", async () => {
    for (const expiresInMs of [60_000, 1_200_000]) {
      const device = await newDevice();
      device.homeserver.expiresInMs = expiresInMs;
      device.homeserver.polls = [{ status: "declined" }];
      await against(device, accept);
      expect(device.role.events).toContainEqual({
        event: "waiting_for_consent",
        user_code: "ABC",
        expires_in_ms: expect.toSatisfy((ms: number) => ms <= Math.min(expiresInMs, 120_000) && ms > 59_000),
        interval_ms: 5000,
      });
    }
  });

  it("asks no more once the authorization has expired, and says so", async () => {
    const device = await newDevice();
    device.homeserver.expiresInMs = 12_000;
    const times = recordPolls(device, [{ status: "pending" }]);
    const { failure, told } = await against(device, untilSuccess);
    expect(failure).toMatchObject({ code: "authorization_expired", kind: "late" });
    expect(failure?.details).toMatchObject({ reason: "authorization_expired" });
    expect(failure?.details.cleanup).toBeUndefined();
    expect(told).toMatchObject({
      code: "authorization_expired",
      details: { reason: "authorization_expired" },
    });
    expect(times()).toEqual([0, 5000, 10_000]);
  });

  it("says the same when the server calls it expired", async () => {
    const device = await newDevice();
    device.homeserver.polls = [{ status: "expired" }];
    const { failure, told } = await against(device, untilSuccess);
    expect(failure).toMatchObject({ code: "authorization_expired", kind: "late" });
    expect(told?.details.reason).toBe("authorization_expired");
  });

  it("says that the code was dropped without a decision", async () => {
    const device = await newDevice();
    device.homeserver.polls = [{ status: "pending" }, { status: "dropped" }];
    const { failure, told } = await against(device, untilSuccess);
    expect(failure).toMatchObject({ code: "authorization_dropped", kind: "refused" });
    expect(failure?.details.cleanup).toBeUndefined();
    expect(told?.details.reason).toBe("authorization_expired");
  });

  it("asks ever more rarely of a server that limits the rate, and fails for nothing but the time", async () => {
    const device = await newDevice();
    device.homeserver.expiresInMs = 60_000;
    const times = recordPolls(device, [{ status: "slow_down" }]);
    const { failure } = await against(device, untilSuccess);
    expect(times()).toEqual([0, 10_000, 25_000, 45_000]);
    expect(failure).toMatchObject({ code: "authorization_expired", kind: "late" });
  });

  it("says that consent was declined, and leaves the session to the reader", async () => {
    const device = await newDevice();
    device.homeserver.polls = [{ status: "pending" }, { status: "declined" }];
    const { failure } = await against(device, async (peer) => {
      await accept(peer);
      await peer.receive(["m.login.declined"], "person", signal);
    });
    expect(failure).toMatchObject({ code: "consent_declined", kind: "refused" });
    expect(sentBy(device).at(-1)).toEqual({ type: "m.login.declined" });
    expect(deletesOf(device)).toEqual([]);
  });

  it("ends as declined also where that can't be said", async () => {
    const device = await newDevice();
    device.homeserver.polls = [{ status: "declined" }];
    const { failure } = await against(device, async (peer) => {
      await accept(peer);
      device.rendezvous.fault = ({ method }) => (method === "PUT" ? "before" : undefined);
    });
    expect(failure).toMatchObject({ code: "consent_declined", kind: "refused" });
    expect(deletesOf(device)).toHaveLength(1);
  });

  it("stops at once when the other device deletes the session: it was refused", async () => {
    const device = await newDevice();
    const times = recordPolls(device, [{ status: "pending" }]);
    const { clock, rendezvous } = device;
    const { failure } = await against(device, async (peer) => {
      await accept(peer);
      await clock.sleep(11_000);
      rendezvous.store.clear();
    });
    expect(failure).toMatchObject({ code: "rendezvous_gone", kind: "refused" });
    expect(failure?.details).toEqual({});
    expect(times()).toEqual([0, 5000, 10_000]);
    expect(clock.now()).toBeLessThan(13_000);
  });

  it("stops when the session expires: it is too late", async () => {
    const device = await newDevice();
    device.homeserver.polls = [{ status: "pending" }];
    const { failure } = await against(device, accept);
    expect(failure).toMatchObject({ code: "rendezvous_expired", kind: "late" });
    expect(failure?.details.cleanup).toBeUndefined();
    expect(failure?.hint).toMatch(/approve the sign-in on its page.* too many devices/);
    expect(device.clock.now()).toBe(120_000);
  });

  it("revokes a token that was on its way when the session ended", async () => {
    const device = await newDevice();
    const { clock, homeserver, rendezvous, role } = device;
    homeserver.polls = [
      async (asked) => {
        rendezvous.store.clear();
        // The session is looked at in a moment, and the answer comes within the second after that.
        await clock.sleep(1000, asked);
        return GRANTED;
      },
    ];
    const { failure } = await against(device, accept);
    expect(failure).toMatchObject({
      code: "rendezvous_gone",
      kind: "refused",
      details: { cleanup: "revoked" },
    });
    expect(homeserver.events.slice(2)).toEqual(["save incomplete", "revoke access-1", "remove"]);
    expect(role.file.content).toBeUndefined();
  });

  it("waits a second for an answer that is on its way, and then says that there may be a token", async () => {
    const device = await newDevice();
    const { clock, homeserver, rendezvous } = device;
    let [askedAt, endedAt] = [0, 0];
    homeserver.polls = [
      (asked) => {
        askedAt = clock.now();
        rendezvous.store.clear();
        return new Promise((_, reject) => {
          asked.addEventListener("abort", () => {
            endedAt = clock.now();
            reject(asked.reason);
          });
        });
      },
    ];
    const { failure } = await against(device, accept);
    expect(failure).toMatchObject({
      code: "rendezvous_gone",
      details: { cleanup: "impossible", deviceId: NEW_DEVICE },
    });
    expect(endedAt - askedAt).toBeGreaterThan(1000);
    expect(endedAt - askedAt).toBeLessThanOrEqual(1100);
  });

  it("says that there may be a token when the server can no longer be reached", async () => {
    const device = await newDevice();
    device.homeserver.polls = [{ status: "pending" }, new Failure("network_error")];
    const { failure, told } = await against(device, untilSuccess);
    expect(failure).toMatchObject({
      code: "network_error",
      kind: "network",
      details: { cleanup: "impossible", deviceId: NEW_DEVICE },
    });
    expect(failure?.hint).toContain(NEW_DEVICE);
    expect(told?.code).toBe("rendezvous_gone");
  });

  it("says that nobody can revoke a token whose answer was lost", async () => {
    const device = await newDevice();
    const lost = new Failure("token_lost", undefined, {
      cleanup: "impossible",
      deviceId: NEW_DEVICE,
      hint: "Remove the device at https://auth.example.org/account, then start again.",
    });
    device.homeserver.polls = [{ status: "pending" }, lost];
    const { failure } = await against(device, untilSuccess);
    expect(failure).toMatchObject({ code: "token_lost", kind: "network", details: lost.details });
    expect(deletesOf(device)).toHaveLength(1);
  });

  it.each([
    ["user_cancelled", "other_device_cancelled", "refused"],
    // matrix-rust-sdk's existing device, when it is cancelled.
    ["unable_to_open_verification_uri", "other_device_failed", "unsupported"],
  ])("understands a failure that comes out of turn: %s", async (reason, code, kind) => {
    const device = await newDevice();
    device.homeserver.polls = [{ status: "pending" }];
    const { failure } = await against(device, async (peer) => {
      await accept(peer);
      await device.clock.sleep(3000);
      // Under the token of its last write, as the slot has it.
      const [{ id = "", sequenceToken = "" } = {}] = device.rendezvous.store.live();
      const aad = additionalData(RENDEZVOUS_URL.href, id, sequenceToken);
      const text = JSON.stringify({ type: "m.login.failure", reason });
      const data = await device.plain.g.seal(Buffer.from(text), aad);
      device.rendezvous.interfere(data);
    });
    expect(failure).toMatchObject({ code, kind, details: { reason } });
    expect(deletesOf(device)).toHaveLength(1);
    expect(device.clock.now()).toBeLessThan(6000);
  });

  it("that is interrupted says so to the other device, since it is its turn", async () => {
    const device = await newDevice();
    device.homeserver.polls = [{ status: "pending" }];
    const { failure, told } = await against(device, async (peer) => {
      await accept(peer);
      await device.clock.sleep(3000);
      device.role.stop.abort(new Failure("interrupted"));
      await peer.receive(["m.login.success"], "person", signal);
    });
    expect(failure).toMatchObject({ code: "interrupted", kind: "signal" });
    expect(failure?.details).toMatchObject({ reason: "user_cancelled" });
    expect(failure?.details.cleanup).toBeUndefined();
    expect(told).toMatchObject({ code: "other_device_cancelled", details: { reason: "user_cancelled" } });
    expect(deletesOf(device)).toEqual([]);
  });
});
