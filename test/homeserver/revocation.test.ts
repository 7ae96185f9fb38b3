import { beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import { revokeTokens } from "../../src/homeserver/revocation.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import type { Tokens } from "../../src/protocol/homeserver.js";
import { FakeHttp } from "../support/fake-http.js";
import { formOf, OAUTH_ROUTES } from "../support/oauth-homeserver.js";

const METADATA = "GET https://hs.example/_matrix/client/v1/auth_metadata";
const REVOKE = "POST https://auth.example/revoke";
const WHOAMI = "GET https://hs.example/_matrix/client/v3/account/whoami";

const signal = new AbortController().signal;
const session = {
  baseUrl: new URL("https://hs.example/"),
  issuer: "https://auth.example",
  clientId: "client",
};
const AT = new Secret("at");
const BOTH: Tokens = { accessToken: AT, refreshToken: new Secret("rt") };
const unknown = { status: 400, json: { error: "invalid_grant" } };
const refused = { status: 400, json: { error: "unsupported_token_type" } };
const lost = new Failure("network_error");
const isGone = { status: 401, json: { errcode: "M_UNKNOWN_TOKEN" } };
const isThere = { json: { user_id: "@bot:hs.example", device_id: "DEVICE" } };

let http: FakeHttp;
const revoke = (tokens = BOTH) =>
  revokeTokens({ http, urlPolicy: createUrlPolicy([]) }, session, tokens, signal);
const revoked = () =>
  http.requests.filter(({ url }) => url.pathname === "/revoke").map((request) => formOf(request)["token"]);

beforeEach(() => {
  http = new FakeHttp(OAUTH_ROUTES);
});

describe("the revocation of a session", () => {
  it("is well where both tokens were revoked", async () => {
    expect(await revoke()).toBe(true);
    expect(revoked()).toEqual(["rt", "at"]);
    expect(http.log).not.toContain(WHOAMI);
  });

  it("is not well where the server can't be asked", async () => {
    http.on(METADATA, lost);
    expect(await revoke({ accessToken: AT })).toBe(false);
  });

  it.each([
    ["the first revoked both", [{}, unknown]],
    ["the second revoked both", [unknown, {}]],
  ])("is well where %s, and so the other is unknown: nothing is asked", async (_what, replies) => {
    http.on(REVOKE, replies).on(WHOAMI, isThere);
    expect(await revoke()).toBe(true);
    expect(revoked()).toEqual(["rt", "at"]);
    expect(http.log).not.toContain(WHOAMI);
  });

  it.each([
    ["both are unknown", [unknown, unknown]],
    ["the client is unknown", [{ status: 401, json: { error: "invalid_client" } }]],
    ["the answer for the access token was lost", [{}, lost]],
    ["the access token is refused", [unknown, refused]],
  ])("is decided by /whoami where %s", async (_what, replies) => {
    for (const [whoami, isWell] of [
      [isGone, true],
      [isThere, false],
      [lost, false],
    ] as const) {
      http.on(REVOKE, replies).on(WHOAMI, whoami);
      expect(await revoke()).toBe(isWell);
      expect(http.last(WHOAMI).accessToken?.reveal()).toBe("at");
    }
  });

  it("is decided by /whoami where the homeserver has no OAuth any more", async () => {
    http.on(METADATA, { status: 404 });
    for (const [whoami, isWell] of [
      [isGone, true],
      [isThere, false],
    ] as const) {
      http.on(WHOAMI, whoami);
      expect(await revoke()).toBe(isWell);
    }
  });

  it("is decided by /whoami for a single token that is unknown", async () => {
    http.on(REVOKE, unknown).on(WHOAMI, isGone);
    expect(await revoke({ accessToken: AT })).toBe(true);
  });

  it.each([
    ["lost", lost],
    ["refused", refused],
  ])("is not well while the refresh token may be good, its answer being %s", async (_what, reply) => {
    http.on(REVOKE, [reply, {}]).on(WHOAMI, isGone);
    expect(await revoke()).toBe(false);
    expect(revoked()).toEqual(["rt", "at"]);
  });
});
