import { beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import { createSignInHomeserver } from "../../src/homeserver/sign-in-homeserver.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock, settle } from "../support/fake-clock.js";
import { FakeHttp, type FakeReply } from "../support/fake-http.js";
import { AUTH_METADATA, formOf, OAUTH_ROUTES } from "../support/oauth-homeserver.js";
import { aloneBy } from "../support/renewal.js";

const METADATA = "GET https://hs.example/_matrix/client/v1/auth_metadata";
const VERSIONS = "GET https://hs.example/_matrix/client/versions";
const REGISTER = "POST https://auth.example/register";
const DEVICE = "POST https://auth.example/device";
const TOKEN = "POST https://auth.example/token";
const REVOKE = "POST https://auth.example/revoke";
const DEVICE_ID = "DEVICE+ID/1";

const AT = new Secret("at");
const RT = new Secret("rt");
const signal = new AbortController().signal;
const oauthError = (error: string, status = 400) => ({ status, json: { error } });

let clock: FakeClock;
let http: FakeHttp;
beforeEach(() => {
  clock = new FakeClock();
  http = new FakeHttp(OAUTH_ROUTES);
});

function signIn(clientId?: string) {
  return createSignInHomeserver({
    baseUrl: new URL("https://hs.example"),
    http,
    urlPolicy: createUrlPolicy([]),
    clock,
    clientName: "build bot",
    clientId,
  });
}

async function started() {
  const homeserver = signIn();
  await homeserver.startDeviceAuthorization(DEVICE_ID, signal);
  return homeserver;
}

describe("the capabilities", () => {
  it("give the issuer", async () => {
    expect(await signIn().checkCapabilities(signal)).toBe("https://auth.example/");
  });

  it("need client registration, unless there is a client ID", async () => {
    http.on(METADATA, { json: { ...AUTH_METADATA, registration_endpoint: undefined } });
    await expectFailure("homeserver_without_registration", () => signIn().checkCapabilities(signal));
    expect(await signIn("known").checkCapabilities(signal)).toBe("https://auth.example/");
  });

  it("end the other request when one has failed", async () => {
    let versionsSignal: AbortSignal | undefined;
    http.on(METADATA, { status: 404 }).on(VERSIONS, (request) => {
      versionsSignal = request.signal;
      return new Promise((_resolve, reject) => request.signal?.addEventListener("abort", reject));
    });
    await expectFailure("homeserver_without_oauth", () => signIn().checkCapabilities(signal));
    expect(versionsSignal?.aborted).toBe(true);
  });

  it("wait for the versions no sooner than the scope needs them", async () => {
    let answer: (reply: FakeReply) => void = () => undefined;
    http.on(VERSIONS, () => new Promise((resolve) => (answer = resolve)));
    const starting = started();
    await settle();
    expect(http.log).toContain(REGISTER);
    expect(http.log).not.toContain(DEVICE);
    answer({ json: { versions: ["v1.15"] } });
    await starting;
    expect(formOf(http.last(DEVICE))["scope"]).toContain("urn:matrix:client:device:");
  });

  it("ask for the versions again where that has failed", async () => {
    http.on(VERSIONS, [new Failure("network_error"), { json: { versions: ["v1.15"] } }]);
    await started();
    expect(http.log.filter((name) => name === VERSIONS)).toHaveLength(2);
  });
});

describe("a homeserver that was asked ahead", () => {
  it("is asked for nothing twice", async () => {
    const homeserver = signIn();
    homeserver.lookAhead(signal);
    homeserver.registerAhead(signal);
    expect(await homeserver.checkCapabilities(signal)).toBe("https://auth.example/");
    await homeserver.startDeviceAuthorization(DEVICE_ID, signal);
    expect(http.log.toSorted()).toEqual([METADATA, VERSIONS, DEVICE, REGISTER].toSorted());
  });

  it("registers no client before it is told to, and none where one was given", async () => {
    signIn().lookAhead(signal);
    const known = signIn("known");
    known.lookAhead(signal);
    known.registerAhead(signal);
    await settle();
    expect(http.log).not.toContain(REGISTER);
  });

  it("is asked again for what has failed, which is told where it is needed alone", async () => {
    http.on(METADATA, { status: 404 });
    const homeserver = signIn();
    homeserver.lookAhead(signal);
    homeserver.registerAhead(signal);
    await settle();
    await expectFailure("homeserver_without_oauth", () => homeserver.checkCapabilities(signal));
    http.on(METADATA, { json: AUTH_METADATA });
    expect(await homeserver.checkCapabilities(signal)).toBe("https://auth.example/");
    await homeserver.startDeviceAuthorization(DEVICE_ID, signal);
    expect(http.log.filter((name) => name === REGISTER)).toHaveLength(1);
  });
});

describe("the OAuth client", () => {
  it("is registered as a native client, with what each kind of server insists on", async () => {
    await started();
    expect(JSON.parse(http.last(REGISTER).body ?? "")).toEqual({
      client_name: "build bot",
      client_uri: expect.stringMatching(/^https:/),
      application_type: "native",
      token_endpoint_auth_method: "none",
      grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "authorization_code", "refresh_token"],
      redirect_uris: ["http://127.0.0.1/"],
      response_types: ["code"],
    });
  });

  it.each([200, 201])("may be registered with status %i", async (status) => {
    http.on(REGISTER, { status, json: { client_id: "mine" } });
    expect((await started()).oauthClient).toEqual({ issuer: "https://auth.example/", clientId: "mine" });
  });

  it("is not registered where one was given", async () => {
    const homeserver = signIn("known");
    await homeserver.startDeviceAuthorization(DEVICE_ID, signal);
    expect(http.log).not.toContain(REGISTER);
    expect(formOf(http.last(DEVICE))["client_id"]).toBe("known");
    expect(homeserver.oauthClient.clientId).toBe("known");
  });

  it.each([401, 403])("that isn't let in with status %i is a server without registration", async (status) => {
    http.on(REGISTER, { status, json: { error: "access_denied" } });
    await expectFailure("homeserver_without_registration", started);
  });

  it.each([
    [
      "an OAuth error, escaped",
      { status: 400, json: { error: "invalid_client_metadata", error_description: "a\u202eb" } },
      " (invalid_client_metadata: a\\u{202e}b)",
    ],
    [
      "a Matrix error that repeats its code",
      { status: 400, json: { errcode: "M_UNKNOWN", error: "M_UNKNOWN: no" } },
      " (M_UNKNOWN: no)",
    ],
    [
      "a text",
      { status: 422, json: "missing field `redirect_uris`\u001b[2J\n" },
      " (missing field `redirect_uris`\\u{1b}[2J)",
    ],
    ["a text without end", { status: 422, json: "x".repeat(5_000) }, ` (${"x".repeat(199)}…)`],
    ["a page", { status: 404, json: "<html>Not here</html>" }, ""],
    ["nothing", { status: 422, json: "" }, ""],
  ])("that is refused says why: %s", async (_what, reply, reason) => {
    http.on(REGISTER, reply);
    const failure = await expectFailure("homeserver_without_registration", started);
    expect(failure.message).toBe(
      `auth.example refuses to register this program as an OAuth client${reason}.`,
    );
  });

  it("isn't refused for good by a server that fails", async () => {
    http.on(REGISTER, new Failure("server_error"));
    await expectFailure("server_error", started);
  });
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
