import { describe, expect, it } from "vitest";
import { Failure, type FailureCode } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import { pollUntilDecided } from "../../src/protocol/poll-for-consent.js";
import { expectFailure } from "../support/failures.js";
import { NEW_DEVICE, TOKENS } from "../support/memory-homeserver.js";
import { KEPT, signInAttempt } from "../support/sign-in-attempt.js";

const { signal } = new AbortController();

describe("an attempt that fails before tokens were granted", () => {
  it("has nothing to clean up", async () => {
    const { undo, file, homeserver } = signInAttempt();
    expect((await undo("network_error")).details).toEqual({});
    expect(file.saved).toEqual([]);
    expect(homeserver.log).toEqual([]);
  });

  it.each(["pending", "slow_down", "declined", "expired", "dropped"] as const)(
    "has nothing either after the answer %s",
    async (status) => {
      const { attempt, undo } = signInAttempt();
      await attempt.ask(async () => ({ status }));
      expect((await undo("rendezvous_gone")).details).toEqual({});
    },
  );

  it.each<FailureCode>(["network_error", "rendezvous_expired", "interrupted"])(
    "says that there may be tokens where their request was never answered: %s",
    async (code) => {
      const { attempt, undo } = signInAttempt();
      await attempt.ask(() => Promise.reject(new Failure(code))).catch(() => undefined);
      const failure = await undo(code);
      expect(failure).toMatchObject({ code, details: { cleanup: "impossible", deviceId: NEW_DEVICE } });
      expect(failure.hint).toMatch(/account's page .* NEWDEVICE\+\/1/);
    },
  );

  it("says so also where the last answer was no news of a lost one", async () => {
    const { attempt, undo } = signInAttempt();
    await attempt.ask(async () => ({ status: "slow_down", mayHaveGranted: true }));
    expect((await undo("rendezvous_gone")).details).toMatchObject({ cleanup: "impossible" });
  });

  it("leaves it to a failure that knows better", async () => {
    const { attempt, clock } = signInAttempt();
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
    const { attempt, homeserver, file } = signInAttempt();
    await attempt.record(homeserver.forSignIn());
    expect(file.content).toEqual({
      state: "incomplete",
      baseUrl: new URL("https://matrix.example.org/"),
      oauthClient: { issuer: "https://auth.example.org/", clientId: "client" },
      deviceId: NEW_DEVICE,
    });
  });

  it("asks for none where that can't be written", async () => {
    const { clock, homeserver, file, attempt } = signInAttempt();
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
      const { attempt, homeserver, file, undo } = signInAttempt();
      await attempt.record(homeserver.forSignIn());
      await attempt.ask(async () => ({ status: "pending" }));
      expect((await undo(code)).details).toEqual({});
      expect(file.content).toBeUndefined();
    },
  );

  it("leaves nothing either where tokens were lost, of which the failure tells all", async () => {
    const { attempt, homeserver, file, undo } = signInAttempt();
    await attempt.record(homeserver.forSignIn());
    await attempt.ask(() => Promise.reject(new Failure("network_error"))).catch(() => undefined);
    expect((await undo("network_error")).details).toMatchObject({ cleanup: "impossible" });
    expect(file.content).toBeUndefined();
  });

  it("names the file where that can't be deleted", async () => {
    const { attempt, homeserver, file, undo } = signInAttempt();
    await attempt.record(homeserver.forSignIn());
    file.remove = () => Promise.reject(new Failure("file_error"));
    expect((await undo("rendezvous_gone")).details.session).toBe(file.path);
  });
});

describe("an attempt that fails with tokens", () => {
  it("had them on disk as soon as they were granted, with all that revoking them needs", async () => {
    const { begin, file, identityKeys } = signInAttempt();
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
    const { begin, undo, file, homeserver } = signInAttempt();
    await begin();
    const failure = await undo(code);
    expect(failure).toMatchObject({ code, details: { cleanup: "revoked" } });
    expect(failure.details).not.toHaveProperty("session");
    expect(homeserver.log.slice(-2)).toEqual(["revoke access-1", "remove"]);
    expect(file.content).toBeUndefined();
  });

  it("revokes the newest, where they were refreshed", async () => {
    const { begin, undo, attempt, homeserver } = signInAttempt();
    await begin();
    await attempt.keep({
      tokens: { accessToken: new Secret("access-2"), refreshToken: new Secret("refresh-2") },
    });
    await undo("rendezvous_gone");
    expect(homeserver.log).toContain("revoke access-2");
  });

  it("keeps the tokens for a later try where they can't be revoked, but no secrets", async () => {
    const { begin, undo, attempt, file, homeserver } = signInAttempt();
    homeserver.signIn = { revoke: async () => false };
    await begin();
    await attempt.keep({ secrets: homeserver.secrets });
    const failure = await undo("rendezvous_gone");
    expect(failure).toMatchObject({ code: "rendezvous_gone", details: { cleanup: "pending", ...KEPT } });
    expect(file.content).toMatchObject({ state: "revocation_pending", tokens: TOKENS });
    expect(file.content?.secrets).toBeUndefined();
  });

  it("keeps them also where the file can't be written any more: it has them", async () => {
    const { begin, undo, file, homeserver } = signInAttempt();
    homeserver.signIn = { revoke: async () => false };
    await begin();
    file.fails = () => new Failure("file_error");
    expect((await undo("rendezvous_gone")).details).toMatchObject({ cleanup: "pending", ...KEPT });
    expect(file.content).toMatchObject({ state: "incomplete", tokens: TOKENS });
  });

  it.each<[FailureCode, number]>([
    ["network_error", 10_000],
    ["interrupted", 2500],
    ["terminated", 2500],
    ["hangup", 2500],
  ])("gives up revoking them in time: after %s within %d ms", async (code, ms) => {
    const { begin, undo, homeserver, clock } = signInAttempt();
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
    const { begin, undo, file, homeserver } = signInAttempt();
    file.fails = () => new Failure("file_error");
    await expect(begin()).rejects.toMatchObject({ code: "file_error" });
    expect(await undo("file_error")).toMatchObject({ kind: "local", details: { cleanup: "revoked" } });
    expect(homeserver.log).toEqual(["revoke access-1", "remove"]);
  });

  it("names no file where there is none, and no later try either", async () => {
    const { begin, undo, file, homeserver } = signInAttempt();
    homeserver.signIn = { revoke: async () => false };
    // It may be somebody else's session that is there.
    file.fails = () => new Failure("session_exists");
    await expect(begin()).rejects.toMatchObject({ code: "session_exists" });
    const { details } = await undo("session_exists");
    expect(details).toMatchObject({ cleanup: "impossible", deviceId: NEW_DEVICE });
    expect(details).not.toHaveProperty("session");
  });

  it("names the file where it holds revoked tokens that couldn't be deleted", async () => {
    const { begin, undo, file } = signInAttempt();
    await begin();
    file.remove = () => Promise.reject(new Failure("file_error"));
    expect((await undo("rendezvous_gone")).details).toMatchObject({ cleanup: "revoked", session: file.path });
  });
});
