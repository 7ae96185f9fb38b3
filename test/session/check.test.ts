import { describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { checkSession } from "../../src/session/check.js";
import { expectFailure } from "../support/failures.js";
import { fakeAccount } from "../support/fake-account.js";
import { fullSession, publishedKeys } from "../support/sessions.js";

const { signal } = new AbortController();
const session = fullSession();
const published = publishedKeys(session);
const check = (changes: object, answers = {}) =>
  checkSession({ ...session, ...changes }, fakeAccount(published, answers), signal);

describe("checkSession", () => {
  it("tells whether the homeserver shows the device as verified", async () => {
    expect(await check({})).toBe(true);
    expect(
      await check({ device_id: "OTHERDEVICE" }, { whoami: async () => ({ userId: session.user_id }) }),
    ).toBe(false);
  });

  it("needs neither secrets nor device keys", async () => {
    const { secrets: _, device_keys: __, ...least } = session;
    expect(await checkSession(least, fakeAccount(published), signal)).toBe(true);
  });

  it("passes on that the session is dead, or can't be asked about", async () => {
    for (const code of ["session_dead", "network_error"] as const) {
      await expectFailure(code, () => check({}, { whoami: () => Promise.reject(new Failure(code)) }));
    }
  });

  it("refuses another user's token with exit 5, another device's with exit 9", async () => {
    const other = { whoami: async () => ({ userId: "@other:example.org" }) };
    expect((await expectFailure("unexpected_user", () => check({}, other))).kind).toBe("security");
    expect((await expectFailure("session_invalid", () => check({ device_id: "OTHERDEVICE" }))).kind).toBe(
      "local",
    );
  });

  it("refuses secrets and device keys that are not the published ones with exit 5", async () => {
    const { secrets, device_keys } = fullSession();
    expect((await expectFailure("secrets_mismatch", () => check({ secrets }))).kind).toBe("security");
    expect((await expectFailure("device_keys_mismatch", () => check({ device_keys }))).kind).toBe("security");
  });
});
