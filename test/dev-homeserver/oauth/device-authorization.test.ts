import { describe, expect, it } from "vitest";
import {
  authorizeDevice,
  CLIENT_METADATA,
  call,
  DEVICE_CODE,
  devHomeserver,
  register,
  WHOAMI,
} from "../../support/dev-homeserver.js";

const METADATA = "GET /_matrix/client/v1/auth_metadata";

describe("the server metadata", () => {
  it("has all that real clients insist on, wherever they look", async () => {
    const { baseUrl } = await devHomeserver();
    const metadata = (await call(baseUrl, METADATA)).body;
    expect(metadata).toMatchObject({
      issuer: baseUrl.href,
      authorization_endpoint: expect.stringContaining(baseUrl.href),
      token_endpoint: expect.stringContaining(baseUrl.href),
      revocation_endpoint: expect.stringContaining(baseUrl.href),
      registration_endpoint: expect.stringContaining(baseUrl.href),
      device_authorization_endpoint: expect.stringContaining(baseUrl.href),
      response_types_supported: ["code"],
      response_modes_supported: ["query", "fragment"],
      grant_types_supported: ["authorization_code", "refresh_token", DEVICE_CODE],
      code_challenge_methods_supported: ["S256"],
    });
    for (const path of [
      "/_matrix/client/unstable/org.matrix.msc2965/auth_metadata",
      "/.well-known/openid-configuration",
      "/.well-known/oauth-authorization-server",
    ]) {
      expect((await call(baseUrl, `GET ${path}`)).body).toEqual(metadata);
    }
  });

  it("leaves out the device grant and the registration where they are off", async () => {
    const { baseUrl, existingSession } = await devHomeserver({ deviceGrant: false, registration: false });
    const { body } = await call(baseUrl, METADATA);
    expect(body).not.toHaveProperty("device_authorization_endpoint");
    expect(body).not.toHaveProperty("registration_endpoint");
    expect(body["grant_types_supported"]).toEqual(["authorization_code", "refresh_token"]);
    expect((await call(baseUrl, "POST /oauth2/registration", { json: CLIENT_METADATA })).status).toBe(404);
    const form = { client_id: existingSession.oauth?.client_id ?? "", scope: "x" };
    expect((await call(baseUrl, "POST /oauth2/device", { form })).status).toBe(404);
  });

  it("is not there at all where OAuth is off, and the existing session then lasts", async () => {
    const { baseUrl, existingSession, clock } = await devHomeserver({ oauth: false });
    expect((await call(baseUrl, METADATA)).body["errcode"]).toBe("M_UNRECOGNIZED");
    expect(existingSession).not.toHaveProperty("oauth");
    expect(existingSession).not.toHaveProperty("refresh_token");
    await clock.advance(1e9);
    expect((await call(baseUrl, WHOAMI, { token: existingSession.access_token })).status).toBe(200);
  });

  it("names an authorization endpoint that says honestly what isn't there", async () => {
    const { baseUrl } = await devHomeserver();
    const reply = await call(baseUrl, "GET /authorize?response_type=code");
    expect(reply.status).toBe(501);
    expect(reply.text).toContain("only by the device authorization grant");
  });
});

describe("client registration", () => {
  it("gives the same metadata the same client ID, and other metadata another", async () => {
    const { baseUrl } = await devHomeserver();
    const clientId = await register(baseUrl);
    expect(await register(baseUrl)).toBe(clientId);
    expect(await register(baseUrl, { ...CLIENT_METADATA, client_name: "Other" })).not.toBe(clientId);
  });

  it.each([
    ["no client_uri", { client_uri: undefined }],
    ["an http client_uri", { client_uri: "http://client.example.org/" }],
    ["a client_uri on localhost", { client_uri: "https://localhost/" }],
    ["a client_uri on an IP address", { client_uri: "https://192.0.2.1/" }],
    ["a client_uri on a top-level domain", { client_uri: "https://org/" }],
    ["a tos_uri on another host", { tos_uri: "https://elsewhere.example.org/" }],
    ["no grant_types", { grant_types: undefined }],
    ["a client secret", { token_endpoint_auth_method: "client_secret_basic" }],
  ])("is refused with %s", async (_, change) => {
    const { baseUrl } = await devHomeserver();
    const reply = await call(baseUrl, "POST /oauth2/registration", {
      json: { ...CLIENT_METADATA, ...change },
    });
    expect([reply.status, reply.body["error"]]).toEqual([400, "invalid_client_metadata"]);
  });

  it("silently drops the device grant where that is off", async () => {
    const { baseUrl } = await devHomeserver({ deviceGrant: false });
    const reply = await call(baseUrl, "POST /oauth2/registration", { json: CLIENT_METADATA });
    expect(reply.status).toBe(201);
    expect(reply.body["grant_types"]).toEqual(["refresh_token"]);
  });
});

describe("device authorization", () => {
  it("answers with readable codes, a link for each case, and whole seconds", async () => {
    const { baseUrl } = await devHomeserver({ intervalMs: 5000, authorizationLifetimeMs: 60_000 });
    const { userCode, reply } = await authorizeDevice(baseUrl);
    expect(userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(reply.body).toMatchObject({
      verification_uri: `${baseUrl.href}link`,
      verification_uri_complete: `${baseUrl.href}link?code=${userCode}`,
      interval: 5,
      expires_in: 60,
    });
  });

  it("leaves verification_uri_complete out when told so, as MAS does", async () => {
    const { baseUrl } = await devHomeserver({ verificationUriComplete: false });
    expect((await authorizeDevice(baseUrl)).reply.body).not.toHaveProperty("verification_uri_complete");
  });

  it.each([
    "urn:matrix:client:api:* urn:matrix:client:device:AB+/CD~ef9z",
    "openid urn:matrix:client:api:* urn:matrix:client:device:ABCDEFGHIJ",
    "urn:matrix:org.matrix.msc2967.client:api:* urn:matrix:org.matrix.msc2967.client:device:ABCDEFGHIJ",
  ])("takes the scope %s", async (scope) => {
    const { baseUrl } = await devHomeserver();
    const form = { client_id: await register(baseUrl), scope };
    expect((await call(baseUrl, "POST /oauth2/device", { form })).status).toBe(200);
  });

  it.each([
    ["no device", "urn:matrix:client:api:*"],
    ["no API", "urn:matrix:client:device:ABCDEFGHIJ"],
    [
      "two devices",
      "urn:matrix:client:api:* urn:matrix:client:device:ABCDEFGHIJ urn:matrix:client:device:KLMNOPQRST",
    ],
    ["mixed names", "urn:matrix:client:api:* urn:matrix:org.matrix.msc2967.client:device:ABCDEFGHIJ"],
    ["a short device ID", "urn:matrix:client:api:* urn:matrix:client:device:ABCDEFGHI"],
    [
      "a device ID with a character that has no place in one",
      "urn:matrix:client:api:* urn:matrix:client:device:ABCDEFGH%2F",
    ],
    ["something unknown", "urn:matrix:client:api:* urn:matrix:client:device:ABCDEFGHIJ email"],
    ["nothing", ""],
  ])("refuses a scope with %s", async (_, scope) => {
    const { baseUrl } = await devHomeserver();
    const form = { client_id: await register(baseUrl), scope };
    const reply = await call(baseUrl, "POST /oauth2/device", { form });
    expect([reply.status, reply.body["error"]]).toEqual([400, "invalid_scope"]);
  });

  it("refuses a client that is unknown, or did not register for the grant", async () => {
    const { baseUrl } = await devHomeserver();
    const scope = "urn:matrix:client:api:* urn:matrix:client:device:ABCDEFGHIJ";
    const unknown = await call(baseUrl, "POST /oauth2/device", { form: { client_id: "nobody", scope } });
    expect([unknown.status, unknown.body["error"]]).toEqual([401, "invalid_client"]);
    const client_id = await register(baseUrl, { ...CLIENT_METADATA, grant_types: ["refresh_token"] });
    const other = await call(baseUrl, "POST /oauth2/device", { form: { client_id, scope } });
    expect([other.status, other.body["error"]]).toEqual([400, "unauthorized_client"]);
  });
});
