import { describe, expect, it } from "vitest";
import {
  authorizeDevice,
  CLIENT_METADATA,
  call,
  DEVICE_CODE,
  devHomeserver,
  field,
  pollToken,
  refresh,
  register,
  signIn,
  WHOAMI,
} from "../../support/dev-homeserver.js";

describe("the token endpoint", () => {
  it("has the client wait until somebody consents, and gives the tokens once", async () => {
    const server = await devHomeserver();
    const { baseUrl, clock } = server;
    const authorization = await authorizeDevice(baseUrl);
    expect((await pollToken(baseUrl, authorization)).body["error"]).toBe("authorization_pending");
    await clock.advance(1000);
    expect((await pollToken(baseUrl, authorization)).body["error"]).toBe("authorization_pending");
    expect(server.decide(authorization.userCode, "allow")).toBe(true);

    const tokens = await pollToken(baseUrl, authorization);
    expect(tokens.status).toBe(200);
    expect(tokens.body).toMatchObject({ token_type: "Bearer", expires_in: 300 });
    const whoami = await call(baseUrl, WHOAMI, { token: field(tokens, "access_token") });
    expect(whoami.body).toMatchObject({ user_id: server.account.userId, device_id: "NEWDEVICE1" });
    expect((await pollToken(baseUrl, authorization)).body["error"]).toBe("invalid_grant");
  });

  it("makes a client that polls too early wait 5 s more each time (RFC 8628 §3.5)", async () => {
    const { baseUrl, clock } = await devHomeserver({ intervalMs: 2000 });
    const authorization = await authorizeDevice(baseUrl);
    const errorAfter = async (ms: number) => {
      await clock.advance(ms);
      return (await pollToken(baseUrl, authorization)).body["error"];
    };
    expect(await errorAfter(0)).toBe("authorization_pending");
    expect(await errorAfter(1000)).toBe("slow_down");
    expect(await errorAfter(6000)).toBe("slow_down");
    expect(await errorAfter(12_000)).toBe("authorization_pending");
    expect(await errorAfter(11_000)).toBe("slow_down");
  });

  it("tells that the consent was declined", async () => {
    const server = await devHomeserver();
    const authorization = await authorizeDevice(server.baseUrl);
    server.decide(authorization.userCode, "deny");
    server.decide(authorization.userCode, "allow");
    const reply = await pollToken(server.baseUrl, authorization);
    expect([reply.status, reply.body["error"]]).toEqual([400, "access_denied"]);
  });

  it("tells that nobody consented in time", async () => {
    const server = await devHomeserver({ authorizationLifetimeMs: 10_000 });
    const authorization = await authorizeDevice(server.baseUrl);
    await server.clock.advance(10_000);
    expect(server.decide(authorization.userCode, "allow")).toBe(false);
    expect((await pollToken(server.baseUrl, authorization)).body["error"]).toBe("expired_token");
  });

  it("gives one client's device code to no other", async () => {
    const server = await devHomeserver();
    const authorization = await authorizeDevice(server.baseUrl);
    server.decide(authorization.userCode, "allow");
    const clientId = await register(server.baseUrl, { ...CLIENT_METADATA, client_name: "Other" });
    expect((await pollToken(server.baseUrl, { ...authorization, clientId })).body["error"]).toBe(
      "invalid_grant",
    );
  });

  it("issues no refresh token to a client that did not register for it", async () => {
    const server = await devHomeserver();
    const metadata = { ...CLIENT_METADATA, grant_types: [DEVICE_CODE] };
    const authorization = await authorizeDevice(server.baseUrl, "NEWDEVICE1", metadata);
    server.decide(authorization.userCode, "allow");
    const tokens = await pollToken(server.baseUrl, authorization);
    expect(tokens.status).toBe(200);
    expect(tokens.body).not.toHaveProperty("refresh_token");
  });

  it.each([
    ["a grant it hasn't", { grant_type: "password" }, "unsupported_grant_type"],
    ["no grant", {}, "invalid_request"],
    ["no device code", { grant_type: DEVICE_CODE }, "invalid_request"],
    ["an unknown device code", { grant_type: DEVICE_CODE, device_code: "x" }, "invalid_grant"],
  ])("refuses %s", async (_, fields, error) => {
    const { baseUrl } = await devHomeserver();
    const form = { client_id: await register(baseUrl), ...fields };
    const reply = await call(baseUrl, "POST /oauth2/token", { form });
    expect([reply.status, reply.body["error"]]).toEqual([400, error]);
  });

  it.each(["allow", "deny"] as const)("consents by itself after a moment: %s", async (autoConsent) => {
    const { baseUrl, clock } = await devHomeserver({ autoConsent, intervalMs: 0 });
    const authorization = await authorizeDevice(baseUrl);
    await clock.advance(499);
    expect((await pollToken(baseUrl, authorization)).body["error"]).toBe("authorization_pending");
    await clock.advance(1);
    const reply = await pollToken(baseUrl, authorization);
    expect(reply.body["error"]).toBe(autoConsent === "allow" ? undefined : "access_denied");
  });
});

describe("access and refresh tokens", () => {
  it("expire: an access token after its lifetime, as if it were unknown", async () => {
    const server = await devHomeserver({ accessTokenLifetimeMs: 60_000 });
    const { accessToken: token } = await signIn(server);
    await server.clock.advance(59_999);
    expect((await call(server.baseUrl, WHOAMI, { token })).status).toBe(200);
    await server.clock.advance(1);
    const reply = await call(server.baseUrl, WHOAMI, { token });
    expect(reply.status).toBe(401);
    expect(reply.body).toMatchObject({ errcode: "M_UNKNOWN_TOKEN", soft_logout: false });
  });

  it("rotate: the old refresh token works again only while the new access token is unused", async () => {
    const server = await devHomeserver();
    const { baseUrl } = server;
    const session = await signIn(server);
    const lost = await refresh(baseUrl, session, session.refreshToken);
    const repeated = await refresh(baseUrl, session, session.refreshToken);
    expect(repeated.status).toBe(200);
    expect((await call(baseUrl, WHOAMI, { token: field(lost, "access_token") })).status).toBe(401);

    expect((await call(baseUrl, WHOAMI, { token: field(repeated, "access_token") })).status).toBe(200);
    const late = await refresh(baseUrl, session, session.refreshToken);
    expect([late.status, late.body["error"]]).toEqual([400, "invalid_grant"]);
    expect((await refresh(baseUrl, session, field(repeated, "refresh_token"))).status).toBe(200);
  });

  it("rotate: the use of a refresh token ends the one before it", async () => {
    const server = await devHomeserver();
    const session = await signIn(server);
    const second = await refresh(server.baseUrl, session, session.refreshToken);
    await refresh(server.baseUrl, session, field(second, "refresh_token"));
    const reply = await refresh(server.baseUrl, session, session.refreshToken);
    expect(reply.body["error"]).toBe("invalid_grant");
  });

  it("belong to one client", async () => {
    const server = await devHomeserver();
    const session = await signIn(server);
    const clientId = await register(server.baseUrl, { ...CLIENT_METADATA, client_name: "Other" });
    const other = { ...session, clientId };
    expect((await refresh(server.baseUrl, other, session.refreshToken)).body["error"]).toBe("invalid_grant");
    const form = { token: session.refreshToken, client_id: clientId };
    const reply = await call(server.baseUrl, "POST /oauth2/revoke", { form });
    expect([reply.status, reply.body["error"]]).toEqual([400, "unauthorized_client"]);
    expect(server.activeSessions()).toHaveLength(2);
  });

  it.each(["refreshToken", "accessToken"] as const)(
    "end the session and the device by revocation: %s",
    async (kind) => {
      const server = await devHomeserver();
      const session = await signIn(server);
      const form = { token: session[kind], client_id: session.clientId };
      expect((await call(server.baseUrl, "POST /oauth2/revoke", { form })).status).toBe(200);
      expect((await call(server.baseUrl, WHOAMI, { token: session.accessToken })).status).toBe(401);
      expect((await refresh(server.baseUrl, session, session.refreshToken)).body["error"]).toBe(
        "invalid_grant",
      );
      expect(server.devices().map(({ deviceId }) => deviceId)).toEqual([server.existingSession.device_id]);
      expect(server.activeSessions()).toHaveLength(1);
      // RFC 7009 §2.2: what is no token is as good as revoked.
      expect((await call(server.baseUrl, "POST /oauth2/revoke", { form })).status).toBe(200);
    },
  );
});
