import { describe, expect, it } from "vitest";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import { revokeSession } from "../../src/session/connect.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeHttp } from "../support/fake-http.js";
import { fullSession } from "../support/sessions.js";

const LOGOUT = "POST https://matrix.example.org/_matrix/client/v3/logout";
const WHOAMI = "GET https://matrix.example.org/_matrix/client/v3/account/whoami";
const { signal } = new AbortController();
const { oauth: _, refresh_token: __, ...bare } = fullSession();
const isUnknown = { status: 401, json: { errcode: "M_UNKNOWN_TOKEN" } };

describe("a session of an access token alone", () => {
  const revoke = (http: FakeHttp) =>
    revokeSession(
      { ...bare, state: "complete" },
      { http, urlPolicy: createUrlPolicy([]), clock: new FakeClock() },
      signal,
    );

  it("is over once a plain logout took it", async () => {
    expect(await revoke(new FakeHttp({ [LOGOUT]: {} }))).toBe(true);
  });

  it("is over where the homeserver doesn't know its token at all", async () => {
    expect(await revoke(new FakeHttp({ [LOGOUT]: isUnknown, [WHOAMI]: isUnknown }))).toBe(true);
  });

  it("can't be revoked where its token is good, and unknown to the logout alone", async () => {
    const http = new FakeHttp({ [LOGOUT]: isUnknown, [WHOAMI]: { json: { user_id: bare.user_id } } });
    const failure = await expectFailure("session_not_revocable", () => revoke(http));
    expect(failure.hint).toMatch(/account's page, or wait until the token has expired/);
  });

  it("may be revoked later where nobody could be asked whether its token is good", async () => {
    expect(await revoke(new FakeHttp({ [LOGOUT]: isUnknown, [WHOAMI]: { status: 502 } }))).toBe(false);
  });
});
