import { beforeEach, describe, expect, it } from "vitest";
import { expectFailure } from "../../support/failures.js";
import { AUTH_METADATA, formOf, OAUTH_ROUTES } from "../../support/oauth-homeserver.js";
import {
  AT,
  DEVICE,
  DEVICE_ID,
  METADATA,
  type SignInHomeserverAtHand,
  signal,
  signInHomeserver,
  TOKEN,
  VERSIONS,
} from "../../support/sign-in-homeserver.js";

let clock: SignInHomeserverAtHand["clock"];
let http: SignInHomeserverAtHand["http"];
let signIn: SignInHomeserverAtHand["signIn"];
let started: SignInHomeserverAtHand["started"];

beforeEach(() => {
  ({ clock, http, signIn, started } = signInHomeserver());
});

describe("the device authorization", () => {
  it("asks for the client API and the device, form-encoded", async () => {
    await started();
    const request = http.last(DEVICE);
    expect(request.body).toContain("DEVICE%2BID%2F1");
    expect(formOf(request)).toEqual({
      client_id: "client",
      scope: `urn:matrix:client:api:* urn:matrix:client:device:${DEVICE_ID}`,
    });
  });

  it.each([
    [
      "the specification's version with the stable ones isn't spoken",
      VERSIONS,
      { json: { versions: ["v1.14"] } },
    ],
    ["no versions are told", VERSIONS, { status: 404 }],
  ])("uses the unstable scopes where %s", async (_what, route, reply) => {
    http.on(route, reply);
    await started();
    expect(formOf(http.last(DEVICE))["scope"]).toBe(
      `urn:matrix:org.matrix.msc2967.client:api:* urn:matrix:org.matrix.msc2967.client:device:${DEVICE_ID}`,
    );
  });

  it("uses the unstable scopes where only the unstable metadata path is there", async () => {
    http
      .on(METADATA, { status: 404 })
      .on("GET https://hs.example/_matrix/client/unstable/org.matrix.msc2965/auth_metadata", {
        json: AUTH_METADATA,
      });
    await started();
    expect(formOf(http.last(DEVICE))["scope"]).toContain("msc2967");
  });

  it("is handed on with its times on the monotonic clock", async () => {
    await clock.advance(1_000);
    expect(await signIn().startDeviceAuthorization(DEVICE_ID, signal)).toEqual({
      verificationUri: "https://auth.example/link",
      userCode: "ABC123",
      expiresAt: 1_201_000,
      intervalMs: 5_000,
    });
  });

  it("is polled every 5 s where the server says nothing, and may have a complete link", async () => {
    http.on(DEVICE, {
      json: {
        device_code: "code",
        user_code: "ABC123",
        verification_uri: "https://auth.example/link",
        verification_uri_complete: "https://auth.example/link?code=ABC123",
        expires_in: 60,
      },
    });
    expect(await signIn().startDeviceAuthorization(DEVICE_ID, signal)).toMatchObject({
      intervalMs: 5_000,
      verificationUriComplete: "https://auth.example/link?code=ABC123",
    });
  });

  it.each(["verification_uri", "verification_uri_complete"])(
    "refuses a %s that isn't https",
    async (field) => {
      const { json } = OAUTH_ROUTES[DEVICE];
      http.on(DEVICE, { json: { ...json, [field]: "http://auth.example/link" } });
      await expectFailure("url_refused", started);
    },
  );

  it.each([{ user_code: "x".repeat(1_000) }, { expires_in: -1 }, { device_code: undefined }])(
    "that can't be right is a server error",
    async (change) => {
      http.on(DEVICE, { json: { ...OAUTH_ROUTES[DEVICE].json, ...change } });
      await expectFailure("server_error", started);
    },
  );
});

describe("an answer of the authorization server", () => {
  const started = async (change: object) => {
    http.on(DEVICE, { json: { ...OAUTH_ROUTES[DEVICE].json, ...change } });
    const homeserver = signIn();
    return { homeserver, authorization: await homeserver.startDeviceAuthorization(DEVICE_ID, signal) };
  };

  it("may have seconds as strings", async () => {
    const { authorization } = await started({ expires_in: "60", interval: "2" });
    expect(authorization).toMatchObject({ expiresAt: 60_000, intervalMs: 2_000 });
  });

  it.each([null, "", "soon", -1])("falls back to five seconds where the interval is %j", async (interval) => {
    expect((await started({ interval })).authorization.intervalMs).toBe(5_000);
  });

  it.each([null, ""])("has no complete link where that is %j", async (verification_uri_complete) => {
    const { authorization } = await started({ verification_uri_complete });
    expect(authorization).not.toHaveProperty("verificationUriComplete");
  });

  it.each([
    [{ expires_in: "300" }, { expiresAt: "2026-01-01T00:05:00.000Z", lifetimeMs: 300_000 }],
    [{ expires_in: null, refresh_token: null, scope: null }, {}],
    [{ expires_in: "never", refresh_token: "" }, {}],
    [{ expires_in: 1e300 }, {}],
    [{ expires_in: -1 }, {}],
  ])("gives the token, whatever is odd beside it: %j", async (odd, tokens) => {
    const { homeserver } = await started({});
    http.on(TOKEN, { json: { access_token: "at", token_type: "Bearer", ...odd } });
    expect(await homeserver.pollForTokens(signal)).toEqual({
      status: "granted",
      tokens: { accessToken: AT, ...tokens },
    });
  });
});
