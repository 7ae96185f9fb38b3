import { describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import { SignInTokens } from "../../src/homeserver/sign-in-tokens.js";
import { refreshTokens } from "../../src/homeserver/tokens.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeHttp } from "../support/fake-http.js";
import { OAUTH_ROUTES } from "../support/oauth-homeserver.js";
import { aloneBy } from "../support/renewal.js";

const TOKEN = "POST https://auth.example/token";
const AT = new Secret("at");
const RT = new Secret("rt");
const signal = new AbortController().signal;
const session = {
  baseUrl: new URL("https://hs.example/"),
  issuer: "https://auth.example",
  clientId: "client",
};

function deps(http: FakeHttp) {
  return { http, urlPolicy: createUrlPolicy([]), clock: new FakeClock() };
}

describe("a refresh", () => {
  it("gives the new tokens", async () => {
    const http = new FakeHttp(OAUTH_ROUTES).on(TOKEN, {
      json: { access_token: "at2", refresh_token: "rt2", token_type: "Bearer", expires_in: 300 },
    });
    expect(await refreshTokens(deps(http), session, RT, signal)).toEqual({
      accessToken: new Secret("at2"),
      refreshToken: new Secret("rt2"),
      expiresAt: "2026-01-01T00:05:00.000Z",
      lifetimeMs: 300_000,
    });
  });

  it("with a token that is no longer good is a dead session", async () => {
    const http = new FakeHttp(OAUTH_ROUTES).on(TOKEN, { status: 400, json: { error: "invalid_grant" } });
    await expectFailure("session_dead", () => refreshTokens(deps(http), session, RT, signal));
  });

  it("says that lost tokens were the last where the server gives them once", async () => {
    const http = new FakeHttp(OAUTH_ROUTES).on(TOKEN, {
      status: 400,
      json: { error: "invalid_grant" },
      repeatedAfterLoss: true,
    });
    const failure = await expectFailure("session_dead", () => refreshTokens(deps(http), session, RT, signal));
    expect(failure.message).toContain("was lost");
  });

  it("is tried for 10 s, or for what is left of them, from right before the token is sent", async () => {
    const http = new FakeHttp(OAUTH_ROUTES);
    await expectFailure("server_error", () => refreshTokens(deps(http), session, RT, signal));
    expect(http.last(TOKEN)).toMatchObject({ deadline: 10_000, tryLimitMs: 5_000 });
    const used = [...http.log];
    const beforeAsking = async () => {
      expect(http.log.slice(used.length)).not.toContain(TOKEN);
      return 4_000;
    };
    await expectFailure("server_error", () => refreshTokens(deps(http), session, RT, signal, beforeAsking));
    expect(http.last(TOKEN).deadline).toBe(4_000);
  });

  it("that is refused for another reason is no dead session", async () => {
    const http = new FakeHttp(OAUTH_ROUTES).on(TOKEN, { status: 400, json: { error: "invalid_client" } });
    await expectFailure("server_error", () => refreshTokens(deps(http), session, RT, signal));
  });

  it("sends the refresh token to no other server than the one it is from", async () => {
    const http = new FakeHttp(OAUTH_ROUTES);
    const moved = { ...session, issuer: "https://old.example/" };
    await expectFailure("server_error", () => refreshTokens(deps(http), moved, RT, signal));
    expect(http.log).not.toContain(TOKEN);
  });
});

describe("the tokens of a sign-in", () => {
  it("are refreshed once for requests side by side", async () => {
    const used: string[] = [];
    const tokens = new SignInTokens(
      { accessToken: AT, refreshToken: RT },
      async (refreshToken) => {
        used.push(refreshToken.reveal());
        return { accessToken: new Secret("at2"), refreshToken: new Secret("rt2") };
      },
      aloneBy(),
    );
    expect(await Promise.all([tokens.renew(AT, signal), tokens.renew(AT, signal)])).toEqual([
      new Secret("at2"),
      new Secret("at2"),
    ]);
    expect(await tokens.renew(AT, signal)).toEqual(new Secret("at2"));
    expect(used).toEqual(["rt"]);
  });

  it("are not used where they could not be saved", async () => {
    const tokens = new SignInTokens(
      { accessToken: AT, refreshToken: RT },
      async () => ({ accessToken: new Secret("at2") }),
      aloneBy(async () => {
        throw new Failure("file_error");
      }),
    );
    await expectFailure("file_error", () => tokens.renew(AT, signal));
  });

  it("are not refreshed where somebody else has done so while this waited for its turn", async () => {
    const theirs = { accessToken: new Secret("theirs"), refreshToken: new Secret("rt-theirs") };
    const saved: unknown[] = [];
    const tokens = new SignInTokens(
      { accessToken: AT, refreshToken: RT },
      () => Promise.reject(new Error("A spent refresh token is sent.")),
      {
        save: async (newest) => void saved.push(newest),
        exclusively: (_signal, work) => work(theirs),
      },
    );
    expect(await tokens.renew(AT, signal)).toEqual(theirs.accessToken);
    expect(saved).toEqual([theirs]);
  });
});
