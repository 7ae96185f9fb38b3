import { describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { checkOwner } from "../../src/session/check.js";
import { expectFailure } from "../support/failures.js";
import { fakeAccount } from "../support/fake-account.js";
import { fullSession, publishedKeys } from "../support/sessions.js";

const { signal } = new AbortController();
const session = fullSession();
const published = publishedKeys(session);
const check = (changes: object, answers = {}) =>
  checkOwner({ ...session, ...changes }, fakeAccount(published, answers), signal);

describe("checkOwner", () => {
  it("takes the session's own token, also where the homeserver doesn't name the device", async () => {
    await check({});
    await check({ device_id: "OTHERDEVICE" }, { whoami: async () => ({ userId: session.user_id }) });
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
});
