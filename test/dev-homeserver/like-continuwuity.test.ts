import { describe, expect, it } from "vitest";
import {
  authorizeDevice,
  CLIENT_METADATA,
  call,
  devHomeserver,
  field,
  pollToken,
  refresh,
  register,
  signIn,
} from "../support/dev-homeserver.js";
import { UNSTABLE } from "./rendezvous-conformance.js";

const continuwuity = () => devHomeserver({ like: "continuwuity", intervalMs: 0 });

describe("the development homeserver that does as Continuwuity does", () => {
  it("tells its name, and has no rendezvous sessions", async () => {
    const { baseUrl } = await continuwuity();
    expect((await call(baseUrl, "GET /_continuwuity/server_version")).body["name"]).toBe("Continuwuity");
    expect((await call(baseUrl, `GET ${UNSTABLE.path}`)).body["errcode"]).toBe("M_UNRECOGNIZED");
  });

  it("gives 60 s to consent, tells no interval, and has no way to decline", async () => {
    const server = await continuwuity();
    const authorization = await authorizeDevice(server.baseUrl);
    expect(authorization.reply.body["expires_in"]).toBe(60);
    expect(authorization.reply.body["interval"]).toBeUndefined();
    expect(server.decide(authorization.userCode, "deny")).toBe(false);
    const poll = async () => (await pollToken(server.baseUrl, authorization)).body["error"];
    expect(await poll()).toBe("authorization_pending");
    await server.clock.advance(60_000);
    expect(await poll()).toBe("expired_token");
  });

  it("cuts a device ID without a word, and refuses one that is there", async () => {
    const server = await continuwuity();
    const { accessToken } = await signIn(server, "DEVICE+ID/1");
    const me = await call(server.baseUrl, "GET /_matrix/client/v3/account/whoami", { token: accessToken });
    expect(me.body["device_id"]).toBe("DEVICE");
    const client_id = await register(server.baseUrl, CLIENT_METADATA);
    const scope = "urn:matrix:client:api:* urn:matrix:client:device:DEVICE";
    const again = await call(server.baseUrl, "POST /oauth2/device", { form: { client_id, scope } });
    expect([again.status, again.body["error"]]).toEqual([400, "invalid_scope"]);
  });

  it("takes each refresh token once", async () => {
    const server = await continuwuity();
    const session = await signIn(server);
    const { refreshToken } = session;
    expect((await refresh(server.baseUrl, session, refreshToken)).status).toBe(200);
    expect((await refresh(server.baseUrl, session, refreshToken)).body["error"]).toBe("invalid_grant");
  });

  it("revokes both tokens by the first, and doesn't know the second", async () => {
    const server = await continuwuity();
    const { clientId, refreshToken, accessToken } = await signIn(server);
    const revoke = (token: string) =>
      call(server.baseUrl, "POST /oauth2/revoke", { form: { client_id: clientId, token } });
    expect((await revoke(refreshToken)).status).toBe(200);
    const second = await revoke(accessToken);
    expect([second.status, field(second, "error")]).toEqual([400, "invalid_grant"]);
    expect(server.devices()).toHaveLength(1);
  });
});
