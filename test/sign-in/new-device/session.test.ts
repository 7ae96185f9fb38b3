import { describe, expect, it } from "vitest";
import { Failure } from "../../../src/foundation/failures.js";
import { Secret } from "../../../src/foundation/secret.js";
import { createSignInHomeserver } from "../../../src/homeserver/sign-in-homeserver.js";
import { createUrlPolicy } from "../../../src/network/url-policy.js";
import { FakeClock } from "../../support/fake-clock.js";
import { FakeHttp } from "../../support/fake-http.js";
import { API, DEVICE, hostsAsked, PATH, setUp, signal, TOKEN, told } from "../../support/new-device-world.js";
import { OAUTH_ROUTES } from "../../support/oauth-homeserver.js";
import { USER } from "../../support/sessions.js";

describe("a new device", () => {
  it("makes nothing of what was asked ahead of another homeserver than it is signed in at", async () => {
    const [here, other] = [new FakeHttp(OAUTH_ROUTES), new FakeHttp()];
    const [clock, urlPolicy, clientName] = [new FakeClock(), createUrlPolicy([]), "test"];
    const askedAhead = (http: FakeHttp, baseUrl: string) => {
      const asked = createSignInHomeserver({ http, clock, urlPolicy, clientName, baseUrl: new URL(baseUrl) });
      asked.lookAhead(signal);
      return async () => asked;
    };
    const elsewhere = await setUp({ askedAhead: askedAhead(other, "https://other.example/") });
    expect((await told(elsewhere, "https://hs.example")).failure).toBeUndefined();
    expect(hostsAsked(elsewhere)).toEqual(new Set(["hs.example", "auth.example"]));

    const ahead = await setUp({ askedAhead: askedAhead(here, "https://hs.example/") });
    await told(ahead, "https://hs.example");
    expect(ahead.http.log).not.toContain("GET https://hs.example/_matrix/client/v1/auth_metadata");
  });

  it("ends with a session file that says it all, and with `done`", async () => {
    const all = await setUp({ deviceName: "Build bot" });
    const { failure } = await told(all, "https://hs.example");
    expect(failure).toBeUndefined();
    expect(all.saved.map(({ state }) => state)).toEqual([
      ...["incomplete", "incomplete", "incomplete", "incomplete"],
      "unconfirmed",
      "complete",
    ]);
    expect(all.saved.at(-1)).toEqual({
      state: "complete",
      base_url: "https://hs.example/",
      user_id: USER,
      device_id: DEVICE,
      access_token: new Secret("access-1"),
      refresh_token: new Secret("refresh-1"),
      expires_at: expect.stringMatching(/^2026-01-01T00:05:0/),
      token_lifetime_ms: 300_000,
      oauth: { issuer: "https://auth.example/", client_id: "client" },
      secrets: all.secrets,
      device_keys_state: "uploaded",
      device_keys: { ed25519: expect.any(Secret), curve25519: expect.any(Secret) },
      created_at: expect.stringMatching(/^2026-01-01T/),
      device_name: "Build bot",
    });
    expect(all.events.at(-1)).toEqual({
      event: "done",
      role: "new",
      user_id: USER,
      device_id: DEVICE,
      verified: true,
      device_keys: "uploaded",
      session: PATH,
    });
  });

  it("has its session on disk before it uses its tokens", async () => {
    const all = await setUp();
    let savedByThen = 0;
    all.http.on(`GET ${API}/account/whoami`, () => {
      savedByThen = all.saved.length;
      return { json: { user_id: USER } };
    });
    await told(all, "https://hs.example");
    expect(savedByThen).toBe(2);
    expect(all.saved[1]).toMatchObject({ state: "incomplete", access_token: new Secret("access-1") });
    expect(all.saved[1]).not.toHaveProperty("secrets");
  });

  it("has on disk which device it is before it asks for tokens, and no token or key with it", async () => {
    const all = await setUp({ deviceName: "Build bot" });
    await told(all, "https://hs.example");
    expect(all.saved[0]).toEqual({
      state: "incomplete",
      base_url: "https://hs.example/",
      device_id: DEVICE,
      oauth: { issuer: "https://auth.example/", client_id: "client" },
      created_at: expect.stringMatching(/^2026-01-01T/),
      device_name: "Build bot",
    });
  });

  it.each([
    ["Build bot", "Build bot"],
    [undefined, "matrix-qr-login"],
  ])("named %s asks for consent as %s", async (deviceName, shown) => {
    const all = await setUp({ deviceName });
    await told(all, "https://hs.example");
    const registration = all.http.last("POST https://auth.example/register");
    expect(JSON.parse(registration.body ?? "")).toMatchObject({ client_name: shown });
  });

  it("registers no client where it has one", async () => {
    const all = await setUp({ clientId: "mine" });
    await told(all, "https://hs.example");
    expect(all.http.log).not.toContain("POST https://auth.example/register");
    expect(all.saved.at(-1)?.oauth?.client_id).toBe("mine");
  });
});

describe("a token that may have been issued", () => {
  it("is told of with the device to look for, where the server can't be reached any more", async () => {
    const all = await setUp();
    all.http.on(TOKEN, new Failure("network_error"));
    const { failure } = await told(all, "https://hs.example");
    expect(failure).toMatchObject({
      code: "network_error",
      kind: "network",
      details: { cleanup: "impossible", deviceId: DEVICE },
    });
  });

  it("is out of the question where the server refuses the request", async () => {
    const all = await setUp();
    all.http.on(TOKEN, { status: 400, json: { error: "invalid_client" } });
    const { failure } = await told(all, "https://hs.example");
    expect(failure).toMatchObject({ code: "server_error", details: { cleanup: "none" } });
  });
});
