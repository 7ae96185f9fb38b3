import { beforeEach, describe, expect, it } from "vitest";
import { Secret } from "../../../src/foundation/secret.js";
import { expectFailure } from "../../support/failures.js";
import { formOf } from "../../support/oauth-homeserver.js";
import {
  AT,
  DEVICE_ID,
  oauthError,
  REVOKE,
  RT,
  type SignInHomeserverAtHand,
  signal,
  signInHomeserver,
  TOKEN,
} from "../../support/sign-in-homeserver.js";

let clock: SignInHomeserverAtHand["clock"];
let http: SignInHomeserverAtHand["http"];
let started: SignInHomeserverAtHand["started"];

beforeEach(() => {
  ({ clock, http, started } = signInHomeserver());
});

describe("polling for tokens", () => {
  it.each([
    ["authorization_pending", "pending"],
    ["slow_down", "slow_down"],
    ["access_denied", "declined"],
    ["expired_token", "expired"],
  ])("goes by the error %s, whatever 4xx it comes with", async (error, status) => {
    const homeserver = await started();
    http.on(TOKEN, [oauthError(error, 400), oauthError(error, 403), oauthError(error, 401)]);
    for (let poll = 0; poll < 3; poll++) {
      expect(await homeserver.pollForTokens(signal)).toEqual({ status });
    }
    expect(formOf(http.last(TOKEN))).toEqual({
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      client_id: "client",
      device_code: "code",
    });
  });

  it("gives the tokens, with the time of their expiry", async () => {
    const homeserver = await started();
    http.on(TOKEN, {
      json: { access_token: "at", refresh_token: "rt", token_type: "Bearer", expires_in: 300, scope: "x" },
    });
    expect(await homeserver.pollForTokens(signal)).toEqual({
      status: "granted",
      tokens: {
        accessToken: AT,
        refreshToken: RT,
        expiresAt: "2026-01-01T00:05:00.000Z",
        lifetimeMs: 300_000,
      },
    });
  });

  it("takes a token without the rest, and looks at no ID token", async () => {
    const homeserver = await started();
    http.on(TOKEN, {
      json: { access_token: "at", token_type: "bearer", refresh_token: null, id_token: "junk" },
    });
    expect(await homeserver.pollForTokens(signal)).toEqual({
      status: "granted",
      tokens: { accessToken: AT },
    });
  });

  it("is slowed down by a 429, which isn't repeated at once", async () => {
    const homeserver = await started();
    http.on(TOKEN, { status: 429, json: { errcode: "M_LIMIT_EXCEEDED" } });
    expect(await homeserver.pollForTokens(signal)).toEqual({ status: "slow_down" });
    expect(http.last(TOKEN).final).toEqual([429]);
  });

  it("isn't repeated past the device code's expiry, but has time for its answer then", async () => {
    const homeserver = await started();
    await homeserver.pollForTokens(signal);
    expect(http.last(TOKEN).deadline).toBe(1_205_000);
  });

  const pending = oauthError("authorization_pending", 403);
  const lost = { repeatedAfterLoss: true };
  it.each([
    ["at once", [{ ...oauthError("invalid_grant"), ...lost }]],
    ["that was pending a moment ago", [pending, { ...oauthError("invalid_grant"), ...lost }]],
    ["whose time was up meanwhile", [{ ...oauthError("expired_token"), ...lost }]],
    ["that couldn't be asked for in between", [{ status: 429, ...lost }, oauthError("invalid_grant")]],
  ])(
    "says that a token may be lost where an answer was lost and the code is gone: %s",
    async (_, replies) => {
      const homeserver = await started();
      http.on(TOKEN, replies);
      const failure = await expectFailure("token_lost", async () => {
        for (const _ of replies) await homeserver.pollForTokens(signal);
      });
      expect(failure.details).toMatchObject({ cleanup: "impossible", deviceId: DEVICE_ID });
      expect(failure.hint).toContain("https://auth.example/account");
      expect(failure.message).toMatch(/a token was issued .* or the sign-in was declined/);
    },
  );

  it.each([
    ["before its time", 1_000, "dropped"],
    ["with its time", 1_200_000, "expired"],
  ])("says that a code that was pending is gone %s, where no answer was lost", async (_when, ms, status) => {
    const homeserver = await started();
    http.on(TOKEN, [{ ...pending, ...lost }, oauthError("invalid_grant")]);
    await homeserver.pollForTokens(signal);
    await clock.advance(ms);
    expect(await homeserver.pollForTokens(signal)).toEqual({ status });
  });

  it("takes a 429 for no news: neither of the code, nor of a lost answer", async () => {
    const homeserver = await started();
    http.on(TOKEN, [{ status: 429 }, { status: 429, ...lost }, { status: 429 }, pending, { status: 429 }]);
    const answers = [];
    for (let poll = 0; poll < 5; poll++) answers.push(await homeserver.pollForTokens(signal));
    expect(answers).toEqual([
      { status: "slow_down" },
      { status: "slow_down", mayHaveGranted: true },
      { status: "slow_down", mayHaveGranted: true },
      { status: "pending" },
      { status: "slow_down" },
    ]);
  });

  it("says that a code that never was good is refused", async () => {
    const homeserver = await started();
    http.on(TOKEN, oauthError("invalid_grant"));
    await expectFailure("server_error", () => homeserver.pollForTokens(signal));
  });

  it.each([
    { token_type: "Bearer" },
    { access_token: "a\nb", token_type: "Bearer" },
    { access_token: 7, refresh_token: "s3cr3t" },
  ])("takes no tokens that can't be used, and repeats none of them", async (json) => {
    const homeserver = await started();
    http.on(TOKEN, { json });
    const failure = await expectFailure("server_error", () => homeserver.pollForTokens(signal));
    expect(failure.message).not.toContain("s3cr3t");
    expect(failure.cause).toBeUndefined();
  });

  it.each([
    { expires_in: 1e9 },
    { expires_in: -5 },
    { expires_in: "soon" },
    { expires_in: [300] },
    { scope: 7 },
    { refresh_token: "a\nb" },
    { refresh_token: 7 },
    { id_token: "no.such.token" },
    { token_type: "BEARER" },
    { token_type: undefined },
    { token_type: ["Bearer"] },
  ])("keeps an access token whatever is odd beside it", async (odd) => {
    const homeserver = await started();
    http.on(TOKEN, { json: { access_token: "at", token_type: "Bearer", ...odd } });
    const tokens = { accessToken: new Secret("at") };
    expect(await homeserver.pollForTokens(signal)).toEqual({ status: "granted", tokens });
  });

  it("gives tokens of a type that it doesn't understand, so that they can be revoked", async () => {
    const homeserver = await started();
    http.on(TOKEN, { json: { access_token: "at", refresh_token: "rt", token_type: "mac" } });
    const tokens = { accessToken: new Secret("at"), refreshToken: new Secret("rt") };
    const unusable = expect.objectContaining({ code: "server_error" });
    expect(await homeserver.pollForTokens(signal)).toEqual({ status: "granted", tokens, unusable });
  });

  it.each([
    [200, "revoked"],
    [500, "impossible"],
  ])("revokes by itself what can be read and not be kept (%d: %s)", async (status, cleanup) => {
    const homeserver = await started();
    http.on(TOKEN, { json: { access_token: "a\nb", refresh_token: "rt", token_type: "Bearer" } });
    http.on(REVOKE, { status, json: {} });
    const failure = await expectFailure("server_error", () => homeserver.pollForTokens(signal));
    expect(failure.details.cleanup).toBe(cleanup);
    expect(http.log.filter((request) => request === REVOKE)).toHaveLength(2);
  });
});
