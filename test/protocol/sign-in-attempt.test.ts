import { describe, expect, it } from "vitest";
import type { FailureKind } from "../../src/foundation/failure-kinds.js";
import { Failure, type FailureCode } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import { generateDeviceIdentityKeys } from "../../src/protocol/device-keys.js";
import { pollUntilDecided } from "../../src/protocol/poll-for-consent.js";
import { SignInAttempt } from "../../src/protocol/sign-in-attempt.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { MemoryHomeserver, MemorySessionFile, NEW_DEVICE, TOKENS } from "../support/memory-homeserver.js";
import { USER } from "../support/sessions.js";

function setUp({ keepUnverified = false } = {}) {
  const clock = new FakeClock();
  const homeserver = new MemoryHomeserver(clock);
  const file = new MemorySessionFile(homeserver.log);
  const identityKeys = generateDeviceIdentityKeys();
  const attempt = new SignInAttempt({
    deviceId: NEW_DEVICE,
    identityKeys,
    sessionFile: file,
    keepUnverified,
    clock,
  });
  const begin = () => attempt.begin(homeserver.forSignIn(), TOKENS);
  const undo = (code: FailureCode) => clock.runUntil(attempt.undo(new Failure(code)));
  return { clock, homeserver, file, identityKeys, attempt, begin, undo };
}

const kept = { deviceId: NEW_DEVICE, session: "/sessions/new.json" };
const isTrulyUp = { state: "unconfirmed", userId: USER } as const;

const { signal } = new AbortController();

describe("an attempt that fails before tokens were granted", () => {
  it("has nothing to clean up", async () => {
    const { undo, file, homeserver } = setUp();
    expect((await undo("network_error")).details).toEqual({});
    expect(file.saved).toEqual([]);
    expect(homeserver.log).toEqual([]);
  });

  it.each(["pending", "slow_down", "declined", "expired", "dropped"] as const)(
    "has nothing either after the answer %s",
    async (status) => {
      const { attempt, undo } = setUp();
      await attempt.ask(async () => ({ status }));
      expect((await undo("rendezvous_gone")).details).toEqual({});
    },
  );

  it.each<FailureCode>(["network_error", "rendezvous_expired", "interrupted"])(
    "says that there may be tokens where their request was never answered: %s",
    async (code) => {
      const { attempt, undo } = setUp();
      await attempt.ask(() => Promise.reject(new Failure(code))).catch(() => undefined);
      const failure = await undo(code);
      expect(failure).toMatchObject({ code, details: { cleanup: "impossible", deviceId: NEW_DEVICE } });
      expect(failure.hint).toMatch(/account's page .* NEWDEVICE\+\/1/);
    },
  );

  it("says so also where the last answer was no news of a lost one", async () => {
    const { attempt, undo } = setUp();
    await attempt.ask(async () => ({ status: "slow_down", mayHaveGranted: true }));
    expect((await undo("rendezvous_gone")).details).toMatchObject({ cleanup: "impossible" });
  });

  it("leaves it to a failure that knows better", async () => {
    const { attempt, clock } = setUp();
    const refused = new Failure("server_error", undefined, { cleanup: "none" });
    const lost = new Failure("token_lost", undefined, {
      cleanup: "impossible",
      hint: "at https://auth.example/",
    });
    for (const failure of [refused, lost]) {
      await attempt.ask(() => Promise.reject(failure)).catch(() => undefined);
      expect(await clock.runUntil(attempt.undo(failure))).toBe(failure);
    }
  });
});

describe("an attempt that is about to ask for tokens", () => {
  it("is on disk with what tells of its device, and nothing secret", async () => {
    const { attempt, homeserver, file } = setUp();
    await attempt.record(homeserver.forSignIn());
    expect(file.content).toEqual({
      state: "incomplete",
      baseUrl: new URL("https://matrix.example.org/"),
      oauthClient: { issuer: "https://auth.example.org/", clientId: "client" },
      deviceId: NEW_DEVICE,
    });
  });

  it("asks for none where that can't be written", async () => {
    const { clock, homeserver, file, attempt } = setUp();
    file.fails = () => new Failure("file_error");
    const signIn = homeserver.forSignIn();
    const authorization = await signIn.startDeviceAuthorization(NEW_DEVICE, signal);
    const polling = pollUntilDecided(signIn, authorization, attempt, clock, signal);
    await expectFailure("file_error", () => clock.runUntil(polling));
    expect(homeserver.log).not.toContain("poll");
  });

  it.each<FailureCode>(["rendezvous_gone", "consent_declined", "interrupted"])(
    "leaves nothing on disk where it ends before it has any: %s",
    async (code) => {
      const { attempt, homeserver, file, undo } = setUp();
      await attempt.record(homeserver.forSignIn());
      await attempt.ask(async () => ({ status: "pending" }));
      expect((await undo(code)).details).toEqual({});
      expect(file.content).toBeUndefined();
    },
  );

  it("leaves nothing either where tokens were lost, of which the failure tells all", async () => {
    const { attempt, homeserver, file, undo } = setUp();
    await attempt.record(homeserver.forSignIn());
    await attempt.ask(() => Promise.reject(new Failure("network_error"))).catch(() => undefined);
    expect((await undo("network_error")).details).toMatchObject({ cleanup: "impossible" });
    expect(file.content).toBeUndefined();
  });

  it("names the file where that can't be deleted", async () => {
    const { attempt, homeserver, file, undo } = setUp();
    await attempt.record(homeserver.forSignIn());
    file.remove = () => Promise.reject(new Failure("file_error"));
    expect((await undo("rendezvous_gone")).details.session).toBe(file.path);
  });
});

describe("an attempt that fails with tokens", () => {
  it("had them on disk as soon as they were granted, with all that revoking them needs", async () => {
    const { begin, file, identityKeys } = setUp();
    await begin();
    expect(file.content).toEqual({
      state: "incomplete",
      baseUrl: new URL("https://matrix.example.org/"),
      oauthClient: { issuer: "https://auth.example.org/", clientId: "client" },
      deviceId: NEW_DEVICE,
      identityKeys,
      tokens: TOKENS,
    });
  });

  it.each<FailureCode>([
    "rendezvous_gone",
    "unexpected_user",
    "secrets_mismatch",
    "interrupted",
    "file_error",
  ])("revokes them and deletes the file: %s", async (code) => {
    const { begin, undo, file, homeserver } = setUp();
    await begin();
    const failure = await undo(code);
    expect(failure).toMatchObject({ code, details: { cleanup: "revoked" } });
    expect(failure.details).not.toHaveProperty("session");
    expect(homeserver.log.slice(-2)).toEqual(["revoke access-1", "remove"]);
    expect(file.content).toBeUndefined();
  });

  it("revokes the newest, where they were refreshed", async () => {
    const { begin, undo, attempt, homeserver } = setUp();
    await begin();
    await attempt.keep({
      tokens: { accessToken: new Secret("access-2"), refreshToken: new Secret("refresh-2") },
    });
    await undo("rendezvous_gone");
    expect(homeserver.log).toContain("revoke access-2");
  });

  it("keeps the tokens for a later try where they can't be revoked, but no secrets", async () => {
    const { begin, undo, attempt, file, homeserver } = setUp();
    homeserver.signIn = { revoke: async () => false };
    await begin();
    await attempt.keep({ secrets: homeserver.secrets });
    const failure = await undo("rendezvous_gone");
    expect(failure).toMatchObject({ code: "rendezvous_gone", details: { cleanup: "pending", ...kept } });
    expect(file.content).toMatchObject({ state: "revocation_pending", tokens: TOKENS });
    expect(file.content?.secrets).toBeUndefined();
  });

  it.each<[FailureCode, number]>([
    ["network_error", 10_000],
    ["interrupted", 2500],
    ["terminated", 2500],
    ["hangup", 2500],
  ])("gives up revoking them in time: after %s within %d ms", async (code, ms) => {
    const { begin, undo, homeserver, clock } = setUp();
    homeserver.signIn = {
      revoke: (_tokens, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        }),
    };
    await begin();
    expect((await undo(code)).details.cleanup).toBe("pending");
    expect(clock.now()).toBe(ms);
  });

  it("revokes tokens that couldn't be saved, which were never used", async () => {
    const { begin, undo, file, homeserver } = setUp();
    file.fails = () => new Failure("file_error");
    await expect(begin()).rejects.toMatchObject({ code: "file_error" });
    expect(await undo("file_error")).toMatchObject({ kind: "local", details: { cleanup: "revoked" } });
    expect(homeserver.log).toEqual(["revoke access-1", "remove"]);
  });

  it("names no file where there is none, and no later try either", async () => {
    const { begin, undo, file, homeserver } = setUp();
    homeserver.signIn = { revoke: async () => false };
    // It may be somebody else's session that is there.
    file.fails = () => new Failure("session_exists");
    await expect(begin()).rejects.toMatchObject({ code: "session_exists" });
    const { details } = await undo("session_exists");
    expect(details).toMatchObject({ cleanup: "impossible", deviceId: NEW_DEVICE });
    expect(details).not.toHaveProperty("session");
  });

  it("names the file where it holds revoked tokens that couldn't be deleted", async () => {
    const { begin, undo, file } = setUp();
    await begin();
    file.remove = () => Promise.reject(new Failure("file_error"));
    expect((await undo("rendezvous_gone")).details).toMatchObject({ cleanup: "revoked", session: file.path });
  });
});

describe("--keep-unverified", () => {
  async function signedIn() {
    const all = setUp({ keepUnverified: true });
    await all.begin();
    await all.attempt.keep({ userId: USER });
    return all;
  }

  it.each<FailureCode>([
    "rendezvous_gone",
    "rendezvous_expired",
    "other_device_failed",
    "other_device_cancelled",
    "unexpected_message",
    "network_error",
    "timed_out",
  ])("keeps a session whose secrets never came: %s", async (code) => {
    const { undo, file, homeserver } = await signedIn();
    const failure = await undo(code);
    expect(failure).toMatchObject({
      code: "signed_in_unverified",
      kind: "unverified",
      details: { cleanup: "none", ...kept },
    });
    expect(failure.message).toContain(new Failure(code).message);
    expect(file.content).toMatchObject({ state: "unverified", userId: USER });
    expect(homeserver.log).not.toContain("revoke access-1");
  });

  it.each<FailureCode>([
    "message_not_authentic",
    "concurrent_write",
    "unexpected_user",
    "unexpected_master_key",
    "secrets_mismatch",
    "url_refused",
    "interrupted",
    "hangup",
    "terminated",
    "user_cancelled",
  ])("keeps none after %s", async (code) => {
    const { undo, homeserver } = await signedIn();
    expect(await undo(code)).toMatchObject({ code, details: { cleanup: "revoked" } });
    expect(homeserver.log).toContain("revoke access-1");
  });

  it("keeps none whose secrets came", async () => {
    const { undo, attempt } = await signedIn();
    attempt.noteSecrets();
    expect(await undo("network_error")).toMatchObject({
      code: "network_error",
      details: { cleanup: "revoked" },
    });
  });

  it("keeps none of a user that isn't known", async () => {
    const { begin, undo } = setUp({ keepUnverified: true });
    await begin();
    expect(await undo("network_error")).toMatchObject({ details: { cleanup: "revoked" } });
  });

  it("keeps none that can't be saved as unverified", async () => {
    const { undo, file } = await signedIn();
    file.fails = ({ state }) => (state === "unverified" ? new Failure("file_error") : undefined);
    expect(await undo("rendezvous_gone")).toMatchObject({
      code: "rendezvous_gone",
      details: { cleanup: "revoked" },
    });
  });
});

describe("an attempt that fails past the point of no return", () => {
  async function uploaded(options = {}) {
    const all = setUp(options);
    await all.begin();
    await all.attempt.keep({ userId: USER });
    await all.attempt.passPointOfNoReturn(signal);
    return all;
  }

  it("was saved as unconfirmed before that point", async () => {
    const { file } = await uploaded();
    expect(file.content).toMatchObject(isTrulyUp);
  });

  it.each<FailureCode>([
    "network_error",
    "server_error",
    "timed_out",
    "session_unconfirmed",
    "session_dead",
    "internal_error",
  ])("keeps the session as unconfirmed, whatever it was: %s", async (code) => {
    const { undo, file, homeserver } = await uploaded();
    const failure = await undo(code);
    expect(failure).toMatchObject({
      code: "session_unconfirmed",
      kind: "network",
      details: { cleanup: "none", ...kept },
    });
    expect(failure.hint).toContain("Check the session");
    expect(file.content).toMatchObject(isTrulyUp);
    expect(homeserver.log).not.toContain("revoke access-1");
  });

  it.each<[FailureCode, FailureKind]>([
    ["hangup", "signal"],
    ["interrupted", "signal"],
    ["terminated", "signal"],
    ["file_error", "local"],
  ])("ends as %s, of the kind %s, and keeps the session all the same", async (code, kind) => {
    const { undo, file } = await uploaded();
    expect(await undo(code)).toMatchObject({ code, kind, details: { cleanup: "none", ...kept } });
    expect(file.content).toMatchObject(isTrulyUp);
  });

  it.each([false, true])(
    "revokes where the homeserver shows other keys (--keep-unverified: %s)",
    async (keepUnverified) => {
      const { undo, file } = await uploaded({ keepUnverified });
      const failure = await undo("device_keys_mismatch");
      expect(failure).toMatchObject({
        code: "device_keys_mismatch",
        kind: "security",
        details: { cleanup: "revoked" },
      });
      expect(file.content).toBeUndefined();
    },
  );

  it("is before that point where it was stopped before the upload could be sent", async () => {
    const { begin, attempt, undo } = setUp();
    await begin();
    const stop = AbortSignal.abort(new Failure("interrupted"));
    await expect(attempt.passPointOfNoReturn(stop)).rejects.toMatchObject({ code: "interrupted" });
    expect(await undo("interrupted")).toMatchObject({ kind: "signal", details: { cleanup: "revoked" } });
  });

  it("is before that point where the file couldn't be saved so", async () => {
    const { begin, attempt, file, undo } = setUp();
    await begin();
    file.fails = ({ state }) => (state === "unconfirmed" ? new Failure("file_error") : undefined);
    await expect(attempt.passPointOfNoReturn(signal)).rejects.toMatchObject({ code: "file_error" });
    expect(await undo("file_error")).toMatchObject({ kind: "local", details: { cleanup: "revoked" } });
  });
});
