import { describe, expect, it } from "vitest";
import type { FailureKind } from "../../src/foundation/failure-kinds.js";
import { Failure, type FailureCode } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import { additionalData } from "../../src/protocol/additional-data.js";
import { publicCrossSigningKeys } from "../../src/protocol/cross-signing.js";
import { generateDeviceIdentityKeys, signedDeviceKeys } from "../../src/protocol/device-keys.js";
import type { TokenPoll } from "../../src/protocol/homeserver.js";
import type { Message } from "../../src/protocol/messages.js";
import type { NewDevice } from "../../src/protocol/new-device.js";
import type { SecureChannel } from "../../src/protocol/secure-channel.js";
import { channelPair } from "../support/channel-pair.js";
import { expectedUser } from "../support/expected-user.js";
import { BASE_URL, MemoryHomeserver, NEW_DEVICE, TOKENS } from "../support/memory-homeserver.js";
import { RENDEZVOUS_URL } from "../support/memory-rendezvous.js";
import { ending, NewRole, namesOf } from "../support/roles.js";
import { newCrossSigningSecrets, USER } from "../support/sessions.js";

const { signal } = new AbortController();
const ACCEPTED = { type: "m.login.protocol_accepted" } as const;
const GRANTED: TokenPoll = { status: "granted", tokens: TOKENS };

/** A new device that has scanned the code, against an existing device that a test plays by hand. */
async function newDevice(changes: Partial<NewDevice> = {}) {
  const pair = await channelPair("existing");
  const homeserver = new MemoryHomeserver(pair.clock);
  const role = new NewRole(homeserver, changes);
  return { ...pair, homeserver, role, peer: pair.g, run: () => role.run(pair.s) };
}

type New = Awaited<ReturnType<typeof newDevice>>;
type Play = (peer: SecureChannel) => Promise<unknown>;

/** Runs the role while the other device does this, and gives how the role ended and what the other was told. */
async function against({ clock, run, peer }: New, play: Play) {
  const [end, told] = await clock.runUntil(Promise.all([run(), ending(play(peer))]));
  return { failure: end.failure, result: "result" in end ? end.result : undefined, told: told.failure };
}

const accept: Play = async (peer) => {
  await peer.receive(["m.login.protocol"], "machine", signal);
  await peer.send(ACCEPTED, signal);
};

/** Helps up to the consent, and listens for what comes of it. */
const untilSuccess: Play = async (peer) => {
  await accept(peer);
  await peer.receive(["m.login.success"], "machine", signal);
};

const sending =
  (message: Message): Play =>
  async (peer) => {
    await untilSuccess(peer);
    await peer.sendFinal(message, signal);
  };

const sendingSecretsOf = ({ secrets }: MemoryHomeserver) => sending({ type: "m.login.secrets", ...secrets });

const deletesOf = ({ rendezvous }: New) => rendezvous.written("s").filter((entry) => entry === "s DELETE");
const sentBy = ({ sent }: New) =>
  sent()
    .filter(({ from }) => from === "s")
    .map(({ message }) => message);

describe("a new device that asks for a protocol", () => {
  it.each<FailureCode>([
    "homeserver_without_oauth",
    "homeserver_without_device_grant",
    "homeserver_without_registration",
  ])("says so where the homeserver can't do it: %s", async (code) => {
    const device = await newDevice();
    device.homeserver.signIn = { checkCapabilities: () => Promise.reject(new Failure(code)) };
    const { failure, told } = await against(device, accept);
    expect(failure).toMatchObject({ code, kind: "unsupported", details: {} });
    expect(told?.details.reason).toBe("unsupported_protocol");
    expect(namesOf(device.role.events)).toEqual([]);
  });

  it("tells nobody that the homeserver can't be reached, and deletes the session", async () => {
    const device = await newDevice();
    device.homeserver.signIn = {
      startDeviceAuthorization: () => Promise.reject(new Failure("network_error")),
    };
    const { failure, told } = await against(device, accept);
    expect(failure).toMatchObject({ code: "network_error", kind: "network" });
    expect(failure?.details).toEqual({});
    expect(told?.code).toBe("rendezvous_gone");
    expect(sentBy(device)).toEqual([]);
  });

  it("hands on the links and its device ID, but not the user code", async () => {
    const device = await newDevice();
    let asked: Message | undefined;
    await against(device, async (peer) => {
      asked = await peer.receive(["m.login.protocol"], "machine", signal);
      await peer.abandon(new Failure("user_cancelled"));
    });
    expect(asked).toEqual({
      type: "m.login.protocol",
      protocol: "device_authorization_grant",
      device_authorization_grant: {
        verification_uri: "https://auth.example.org/link",
        verification_uri_complete: "https://auth.example.org/link?code=ABC",
      },
      device_id: NEW_DEVICE,
    });
  });

  it.each([
    "device_already_exists",
    "unable_to_open_verification_uri",
    "unsupported_protocol",
    "unexpected_message_received",
  ])("ends when it is refused: %s", async (reason) => {
    const device = await newDevice();
    const { failure } = await against(device, async (peer) => {
      await peer.receive(["m.login.protocol"], "machine", signal);
      await peer.send({ type: "m.login.failure", reason }, signal);
    });
    expect(failure).toMatchObject({ code: "other_device_failed", kind: "unsupported", details: { reason } });
    expect(device.homeserver.log).not.toContain("poll");
    expect(deletesOf(device)).toHaveLength(1);
  });

  it("says so when it is answered with what has no place there", async () => {
    const device = await newDevice();
    const { failure, told } = await against(device, async (peer) => {
      await peer.receive(["m.login.protocol"], "machine", signal);
      await peer.send({ type: "m.login.success" }, signal);
      await peer.receive(["m.login.declined"], "machine", signal);
    });
    expect(failure).toMatchObject({ code: "unexpected_message", kind: "unsupported" });
    expect(told?.details.reason).toBe("unexpected_message_received");
  });

  it("doesn't take secrets before their time, and sends no failure that nobody would read", async () => {
    const device = await newDevice();
    const { failure } = await against(device, async (peer) => {
      await peer.receive(["m.login.protocol"], "machine", signal);
      await peer.send({ type: "m.login.secrets", ...device.homeserver.secrets }, signal);
    });
    expect(failure?.code).toBe("unexpected_message");
    expect(sentBy(device)).toHaveLength(1);
    expect(deletesOf(device)).toHaveLength(1);
  });
});

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

describe("a new device with tokens", () => {
  it("that is another user than it must be tells nobody, revokes them and deletes the session", async () => {
    const device = await newDevice({
      expectedUser: await expectedUser("@somebody.else:example.org", BASE_URL.href),
    });
    const { failure, told } = await against(device, untilSuccess);
    expect(failure).toMatchObject({
      code: "unexpected_user",
      kind: "security",
      details: { cleanup: "revoked" },
    });
    expect(told?.code).toBe("rendezvous_gone");
    expect(sentBy(device).map(({ type }) => type)).toEqual(["m.login.protocol"]);
    expect(namesOf(device.role.events)).not.toContain("signed_in");
    expect(device.homeserver.events.slice(2, 4)).toEqual(["save incomplete", "whoami"]);
  });

  it("that is the user that it must be goes on", async () => {
    const device = await newDevice({ expectedUser: await expectedUser(USER, BASE_URL.href) });
    const { result } = await against(device, sendingSecretsOf(device.homeserver));
    expect(result).toEqual({ userId: USER, deviceId: NEW_DEVICE, deviceKeys: "uploaded" });
  });

  it("that is signed in as another device than it asked for ends, and revokes them", async () => {
    const device = await newDevice();
    device.homeserver.account = { whoami: async () => ({ userId: USER, deviceId: "OTHERDEVICE" }) };
    const { failure } = await against(device, untilSuccess);
    expect(failure).toMatchObject({ code: "server_error", kind: "network", details: { cleanup: "revoked" } });
    expect(sentBy(device).map(({ type }) => type)).toEqual(["m.login.protocol"]);
  });

  it("that is signed in under a part of its device ID says so, and revokes them", async () => {
    const device = await newDevice();
    device.homeserver.account = { whoami: async () => ({ userId: USER, deviceId: "NEWDEVICE" }) };
    const { failure, told } = await against(device, untilSuccess);
    expect(failure).toMatchObject({ code: "device_id_cut", details: { cleanup: "revoked" } });
    expect(failure?.message).toBe("The homeserver cut the device ID NEWDEVICE+/1 to NEWDEVICE.");
    expect(told?.code).toBe("rendezvous_gone");
  });

  it("that can't save them doesn't use them", async () => {
    const device = await newDevice();
    device.role.file.fails = ({ tokens }) => (tokens ? new Failure("file_error") : undefined);
    const { failure, told } = await against(device, untilSuccess);
    expect(failure).toMatchObject({ code: "file_error", kind: "local", details: { cleanup: "revoked" } });
    expect(told?.code).toBe("rendezvous_gone");
    expect(device.homeserver.events).toEqual([
      `authorize ${NEW_DEVICE}`,
      "save without tokens",
      ...["revoke access-1", "remove"],
    ]);
  });

  it("saves refreshed ones before they are used", async () => {
    const device = await newDevice();
    const { homeserver, role } = device;
    homeserver.signIn = {
      signedIn: (_tokens, { save }) => ({
        ...homeserver.forAccount(),
        whoami: async () => {
          await save({ accessToken: new Secret("access-2"), refreshToken: new Secret("refresh-2") });
          return { userId: USER };
        },
      }),
    };
    await against(device, sendingSecretsOf(homeserver));
    expect(role.file.content?.tokens?.accessToken).toEqual(new Secret("access-2"));
  });

  it.each([
    [
      "is told that it can't be found",
      { type: "m.login.failure", reason: "device_not_found" },
      "other_device_failed",
      "unsupported",
    ],
    [
      "is cancelled",
      { type: "m.login.failure", reason: "user_cancelled" },
      "other_device_cancelled",
      "refused",
    ],
    ["gets no secrets but something else", ACCEPTED, "unexpected_message", "unsupported"],
  ] satisfies [string, Message, FailureCode, FailureKind][])(
    "that %s revokes them, or keeps them on request",
    async (_what, message, code, kind) => {
      const device = await newDevice();
      const { failure } = await against(device, sending(message));
      expect(failure).toMatchObject({ code, kind, details: { cleanup: "revoked" } });

      const keeping = await newDevice({ keepUnverified: true });
      const kept = (await against(keeping, sending(message))).failure;
      expect(kept).toMatchObject({
        code: "signed_in_unverified",
        kind: "unverified",
        details: { cleanup: "none", session: "/sessions/new.json", deviceId: NEW_DEVICE },
      });
      expect(keeping.role.file.content?.state).toBe("unverified");
    },
  );

  it("that is interrupted on the other device's turn says nothing, revokes them and deletes the session", async () => {
    const device = await newDevice();
    const { failure } = await against(device, async (peer) => {
      await untilSuccess(peer);
      device.role.stop.abort(new Failure("interrupted"));
    });
    expect(failure).toMatchObject({ kind: "signal", details: { cleanup: "revoked" } });
    expect(sentBy(device).at(-1)).toEqual({ type: "m.login.success" });
    expect(deletesOf(device)).toHaveLength(1);
    expect(device.clock.now()).toBeLessThan(5000);
  });

  it("waits no longer for the secrets than the session lives", async () => {
    const device = await newDevice();
    const { failure } = await against(device, untilSuccess);
    expect(failure).toMatchObject({
      code: "rendezvous_expired",
      kind: "late",
      details: { cleanup: "revoked" },
    });
  });
});

describe("a new device with secrets", () => {
  const wrong = { cross_signing: newCrossSigningSecrets() };

  it.each([false, true])(
    "that aren't the account's uploads nothing, and keeps nothing (--keep-unverified: %s)",
    async (keepUnverified) => {
      const device = await newDevice({ keepUnverified });
      const { failure } = await against(device, sending({ type: "m.login.secrets", ...wrong }));
      expect(failure).toMatchObject({
        code: "secrets_mismatch",
        kind: "security",
        details: { cleanup: "revoked" },
      });
      expect(device.homeserver.log).not.toContain("keys/upload");
      expect(device.role.file.saved.some(({ secrets }) => secrets !== undefined)).toBe(false);
    },
  );

  it("of an account that publishes no keys can't be held against anything", async () => {
    const device = await newDevice();
    device.homeserver.published = { deviceKeys: {} };
    const { failure } = await against(device, sendingSecretsOf(device.homeserver));
    expect(failure).toMatchObject({
      code: "secrets_mismatch",
      kind: "security",
      details: { cleanup: "revoked" },
    });
  });

  it("takes the master key that it must have, and no other", async () => {
    const expected = publicCrossSigningKeys(wrong.cross_signing).master;
    const refusing = await newDevice({ expectedMasterKey: expected });
    const { failure } = await against(refusing, sendingSecretsOf(refusing.homeserver));
    expect(failure).toMatchObject({
      code: "unexpected_master_key",
      kind: "security",
      details: { cleanup: "revoked" },
    });
    expect(refusing.homeserver.log).not.toContain("keys/upload");

    const { homeserver, ...device } = await newDevice();
    const { master } = publicCrossSigningKeys(homeserver.secrets.cross_signing);
    const role = new NewRole(homeserver, { expectedMasterKey: master });
    const taking = { ...device, homeserver, role, run: () => role.run(device.s) };
    expect((await against(taking, sendingSecretsOf(homeserver))).result).toBeDefined();
  });

  it.each([null, undefined])("needs no key backup among them: %s", async (backup) => {
    const device = await newDevice();
    const { cross_signing } = device.homeserver.secrets;
    const message = { type: "m.login.secrets", cross_signing, ...(backup === null && { backup }) } as const;
    const { result } = await against(device, sending(message));
    expect(result).toBeDefined();
    expect(device.role.events).toContainEqual({ event: "secrets_received", cross_signing: true });
    expect(namesOf(device.role.events)).not.toContain("warning");
    expect(device.role.file.content).toMatchObject({ state: "complete", secrets: { cross_signing } });
  });

  it.each<[string, (homeserver: MemoryHomeserver) => void, said: string]>([
    ["has another version", (hs) => Object.assign(hs.backup ?? {}, { version: "2" }), "is stale"],
    [
      "has another algorithm",
      (hs) => Object.assign(hs.backup ?? {}, { algorithm: "other" }),
      "another algorithm",
    ],
    ["has another key", (hs) => Object.assign(hs.backup ?? {}, { publicKey: "AAAA" }), "private half"],
    [
      "is gone",
      (hs) => {
        hs.backup = undefined;
      },
      "no key backup any more",
    ],
    [
      "can't be looked at",
      (hs) => {
        hs.account = { backupVersion: () => Promise.reject(new Failure("network_error")) };
      },
      "could not be asked",
    ],
  ])("is only warned where the account's key backup %s", async (_what, change, said) => {
    const device = await newDevice();
    change(device.homeserver);
    const { result } = await against(device, sendingSecretsOf(device.homeserver));
    expect(result).toBeDefined();
    expect(device.role.events.at(-1)).toMatchObject({
      event: "warning",
      code: "backup_mismatch",
      message: expect.stringContaining(said),
    });
    expect(device.role.file.content?.state).toBe("complete");
  });
});

describe("a new device that uploads its keys", () => {
  const lost = () => Promise.reject(new Failure("network_error"));

  it("is verified where only the upload's answer was lost", async () => {
    const device = await newDevice();
    const { homeserver, role } = device;
    homeserver.account = {
      uploadDeviceKeys: async (deviceKeys) => {
        homeserver.show(deviceKeys);
        await lost();
      },
    };
    const { result } = await against(device, sendingSecretsOf(homeserver));
    expect(result).toBeDefined();
    expect(role.events).toContainEqual({ event: "verified", device_id: NEW_DEVICE });
    expect(role.file.content?.state).toBe("complete");
  });

  it("stays unconfirmed where the upload failed and the keys aren't shown", async () => {
    const device = await newDevice({ keepUnverified: true });
    device.homeserver.account = { uploadDeviceKeys: lost };
    const { failure } = await against(device, sendingSecretsOf(device.homeserver));
    expect(failure).toMatchObject({
      code: "session_unconfirmed",
      kind: "network",
      details: { cleanup: "none", session: "/sessions/new.json", deviceId: NEW_DEVICE },
    });
    expect(failure?.hint).toContain("Check the session");
    expect(failure?.message).toContain(new Failure("network_error").message);
    expect(device.role.file.content).toMatchObject({
      state: "unconfirmed",
      secrets: device.homeserver.secrets,
    });
    expect(device.homeserver.log).not.toContain("revoke access-1");
    expect(namesOf(device.role.events)).not.toContain("verified");
  });

  it("stays unconfirmed where nobody says what became of the upload", async () => {
    const device = await newDevice();
    let queries = 0;
    device.homeserver.account = {
      queryKeys: () => (queries++ === 0 ? Promise.resolve(device.homeserver.published) : lost()),
    };
    const { failure } = await against(device, sendingSecretsOf(device.homeserver));
    expect(failure).toMatchObject({ code: "session_unconfirmed", kind: "network" });
    expect(device.role.file.content?.state).toBe("unconfirmed");
  });

  it("gives the homeserver 10 s to show them", async () => {
    const device = await newDevice();
    const { homeserver, clock } = device;
    let uploadedAt = 0;
    homeserver.account = {
      uploadDeviceKeys: async () => {
        uploadedAt = clock.now();
      },
    };
    const { failure } = await against(device, sendingSecretsOf(homeserver));
    expect(failure).toMatchObject({ code: "session_unconfirmed", kind: "network" });
    expect(clock.now() - uploadedAt).toBe(10_000);

    const late = await newDevice();
    late.homeserver.account = {
      uploadDeviceKeys: async (deviceKeys) => {
        void late.clock.sleep(9000).then(() => late.homeserver.show(deviceKeys));
      },
    };
    expect((await against(late, sendingSecretsOf(late.homeserver))).result).toBeDefined();
  });

  it("isn't verified by keys without the self-signing key's signature", async () => {
    const device = await newDevice();
    const { homeserver } = device;
    homeserver.account = {
      uploadDeviceKeys: async (deviceKeys) => homeserver.show({ ...deviceKeys, signatures: {} }),
    };
    const { failure } = await against(device, sendingSecretsOf(homeserver));
    expect(failure?.code).toBe("session_unconfirmed");
  });

  it("revokes everything where the homeserver shows other keys", async () => {
    const device = await newDevice({ keepUnverified: true });
    const { homeserver, role } = device;
    const { self_signing_key } = homeserver.secrets.cross_signing;
    const others = signedDeviceKeys(USER, NEW_DEVICE, generateDeviceIdentityKeys(), self_signing_key);
    homeserver.account = { uploadDeviceKeys: async () => homeserver.show(others) };
    const { failure } = await against(device, sendingSecretsOf(homeserver));
    expect(failure).toMatchObject({
      code: "device_keys_mismatch",
      kind: "security",
      details: { cleanup: "revoked" },
    });
    expect(homeserver.events.slice(-2)).toEqual(["revoke access-1", "remove"]);
    expect(role.file.content).toBeUndefined();
  });

  it("doesn't upload them where the session can't be saved as unconfirmed first", async () => {
    const device = await newDevice();
    device.role.file.fails = ({ state }) => (state === "unconfirmed" ? new Failure("file_error") : undefined);
    const { failure } = await against(device, sendingSecretsOf(device.homeserver));
    expect(failure).toMatchObject({ code: "file_error", kind: "local", details: { cleanup: "revoked" } });
    expect(device.homeserver.log).not.toContain("keys/upload");
  });

  it.each<[FailureCode, FailureCode, FailureKind]>([
    ["interrupted", "interrupted", "signal"],
    ["timed_out", "session_unconfirmed", "network"],
  ])("and is ended meanwhile by %s keeps the session", async (reason, code, kind) => {
    const device = await newDevice();
    const { homeserver, role } = device;
    homeserver.account = {
      uploadDeviceKeys: () => {
        role.stop.abort(new Failure(reason));
        return Promise.reject(role.stop.signal.reason);
      },
      queryKeys: async (_userId, asked) => {
        asked.throwIfAborted();
        return homeserver.published;
      },
    };
    const { failure } = await against(device, sendingSecretsOf(homeserver));
    expect(failure).toMatchObject({
      code,
      kind,
      details: { cleanup: "none", session: "/sessions/new.json" },
    });
    expect(role.file.content?.state).toBe("unconfirmed");
  });
});
