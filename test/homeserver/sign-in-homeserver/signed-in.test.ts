import { beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../../src/foundation/failures.js";
import { expectFailure } from "../../support/failures.js";
import { AUTH_METADATA, formOf } from "../../support/oauth-homeserver.js";
import { aloneBy } from "../../support/renewal.js";
import {
  AT,
  METADATA,
  oauthError,
  REVOKE,
  RT,
  type SignInHomeserverAtHand,
  signal,
  signInHomeserver,
  TOKEN,
} from "../../support/sign-in-homeserver.js";

let http: SignInHomeserverAtHand["http"];
let started: SignInHomeserverAtHand["started"];

beforeEach(() => {
  ({ http, started } = signInHomeserver());
});

describe("revocation", () => {
  const tokens = { accessToken: AT, refreshToken: RT };
  const revoked = () =>
    http.requests.filter(({ url }) => url.pathname === "/revoke").map((request) => formOf(request)["token"]);

  it("is of the refresh token first, then of the access token", async () => {
    expect(await (await started()).revoke(tokens, signal)).toBe(true);
    expect(revoked()).toEqual(["rt", "at"]);
  });

  it("is of the access token alone where there is no other", async () => {
    expect(await (await started()).revoke({ accessToken: AT }, signal)).toBe(true);
    expect(revoked()).toEqual(["at"]);
  });

  it.each([
    ["refused", oauthError("unsupported_token_type")],
    ["lost", new Failure("network_error")],
  ])(
    "of the access token isn't skipped where the other was %s, and not all is well",
    async (_what, reply) => {
      const homeserver = await started();
      http.on(REVOKE, [reply, {}]);
      expect(await homeserver.revoke(tokens, signal)).toBe(false);
      expect(revoked()).toEqual(["rt", "at"]);
    },
  );

  it("that the server doesn't offer is not well", async () => {
    http.on(METADATA, { json: { ...AUTH_METADATA, revocation_endpoint: undefined } });
    expect(await (await started()).revoke(tokens, signal)).toBe(false);
  });

  it("accepts an empty answer of any success", async () => {
    const homeserver = await started();
    http.on(REVOKE, { status: 204, json: "" });
    expect(await homeserver.revoke(tokens, signal)).toBe(true);
    expect(http.last(REVOKE).expectJson).toBe(false);
  });
});

describe("the homeserver once signed in", () => {
  const WHOAMI = "GET https://hs.example/_matrix/client/v3/account/whoami";
  const expired = { status: 401, json: { errcode: "M_UNKNOWN_TOKEN", soft_logout: false } };
  const me = { json: { user_id: "@bot:hs.example" } };

  it("renews an expired token, saves the new ones, and only then uses them", async () => {
    const homeserver = await started();
    const order: string[] = [];
    http
      .on(WHOAMI, [
        expired,
        (request) => {
          order.push(`used ${request.accessToken?.reveal()}`);
          return me;
        },
      ])
      .on(TOKEN, { json: { access_token: "at2", token_type: "Bearer" } });
    const account = homeserver.signedIn(
      { accessToken: AT, refreshToken: RT },
      aloneBy(async (tokens) => {
        order.push(`saved ${tokens.accessToken.reveal()} ${tokens.refreshToken?.reveal()}`);
      }),
    );
    expect((await account.whoami(signal)).userId).toBe("@bot:hs.example");
    expect(order).toEqual(["saved at2 rt", "used at2"]);
    expect(formOf(http.last(TOKEN))).toEqual({
      grant_type: "refresh_token",
      refresh_token: "rt",
      client_id: "client",
    });
  });

  it("is dead where the token can't be renewed", async () => {
    const homeserver = await started();
    http.on(WHOAMI, expired).on(TOKEN, oauthError("invalid_grant"));
    for (const tokens of [{ accessToken: AT }, { accessToken: AT, refreshToken: RT }]) {
      const account = homeserver.signedIn(tokens, aloneBy());
      await expectFailure("session_dead", () => account.whoami(signal));
    }
  });
});
