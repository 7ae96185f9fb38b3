import { describe, expect, it } from "vitest";
import { revealed, Secret } from "../../src/foundation/secret.js";
import { decodeBase64 } from "../../src/protocol/base64.js";
import type { JsonObject } from "../../src/protocol/canonical-json.js";
import { curve25519PublicKey, ed25519PublicKey, isSignedBy } from "../../src/protocol/signatures.js";
import { openSecretStorage } from "../../src/secret-storage/open.js";
import { accountOf, call, devHomeserver } from "../support/dev-homeserver.js";

const { signal } = new AbortController();

const bytes = (base64: string) => decodeBase64(base64) ?? new Uint8Array();

describe("the seeded account", () => {
  it("is named after the server, which is host and port", async () => {
    const { baseUrl, serverName, account, existingSession } = await devHomeserver({ localpart: "bob" });
    expect(serverName).toBe(baseUrl.host);
    expect(account.userId).toBe(`@bob:${baseUrl.host}`);
    expect(existingSession).toMatchObject({ base_url: baseUrl.href, user_id: account.userId });
  });

  it("has another password each time unless one is given", async () => {
    const passwords = [(await devHomeserver()).account.password, (await devHomeserver()).account.password];
    expect(new Set(passwords).size).toBe(2);
    expect((await devHomeserver({ password: "given" })).account.password).toBe("given");
  });

  it("publishes the public halves of the session's secrets, signed by the master key", async () => {
    const { baseUrl, existingSession: session, account } = await devHomeserver();
    const { userId } = account;
    const token = session.access_token;
    const keys = await call(baseUrl, "POST /_matrix/client/v3/keys/query", {
      token,
      json: { device_keys: { [userId]: [] } },
    });
    const published = (name: string) => (keys.body[name] as Record<string, JsonObject>)[userId] ?? {};
    const { cross_signing, backup } = session.secrets;
    const master = ed25519PublicKey(bytes(cross_signing.master_key));
    expect(published("master_keys")["keys"]).toEqual({ [`ed25519:${master}`]: master });
    for (const [name, seed] of [
      ["self_signing_keys", cross_signing.self_signing_key],
      ["user_signing_keys", cross_signing.user_signing_key],
    ] as const) {
      const publicKey = ed25519PublicKey(bytes(seed));
      expect(published(name)["keys"]).toEqual({ [`ed25519:${publicKey}`]: publicKey });
      expect(isSignedBy(published(name), userId, master, master)).toBe(true);
    }

    const version = (await call(baseUrl, "GET /_matrix/client/v3/room_keys/version", { token })).body;
    expect(version).toMatchObject({ version: backup?.backup_version, algorithm: backup?.algorithm });
    const authData = version["auth_data"] as JsonObject;
    expect(authData["public_key"]).toBe(curve25519PublicKey(bytes(backup?.key ?? "")));
    expect(isSignedBy(authData, userId, master, master)).toBe(true);
  });

  it("has secret storage with the same secrets, which the recovery key opens", async () => {
    const server = await devHomeserver();
    const opened = await openSecretStorage(
      accountOf(server),
      server.account.userId,
      new Secret(server.recoveryKey),
      signal,
    );
    expect(revealed(opened)).toEqual(server.existingSession.secrets);
  });

  it("has secret storage that a passphrase opens too, where one is given", async () => {
    const server = await devHomeserver({ recoveryPassphrase: "a passphrase" });
    for (const key of ["a passphrase", server.recoveryKey]) {
      const opened = await openSecretStorage(
        accountOf(server),
        server.account.userId,
        new Secret(key),
        signal,
      );
      expect(revealed(opened)).toEqual(server.existingSession.secrets);
    }
  });

  it("has one device, signed by itself and by the self-signing key", async () => {
    const server = await devHomeserver();
    const { existingSession: session, account } = server;
    const [device, ...others] = server.devices();
    expect(others).toEqual([]);
    const deviceKeys = device?.deviceKeys ?? {};
    const ed25519 = ed25519PublicKey(bytes(session.device_keys.ed25519));
    const curve25519 = curve25519PublicKey(bytes(session.device_keys.curve25519));
    expect(deviceKeys["keys"]).toEqual({
      [`ed25519:${session.device_id}`]: ed25519,
      [`curve25519:${session.device_id}`]: curve25519,
    });
    expect(isSignedBy(deviceKeys, account.userId, session.device_id, ed25519)).toBe(true);
    const selfSigning = ed25519PublicKey(bytes(session.secrets.cross_signing.self_signing_key));
    expect(isSignedBy(deviceKeys, account.userId, selfSigning, selfSigning)).toBe(true);
  });

  it("has a session that works, and can be refreshed with what is in it", async () => {
    const { baseUrl, existingSession: session, clock } = await devHomeserver();
    const whoami = await call(baseUrl, "GET /_matrix/client/v3/account/whoami", {
      token: session.access_token,
    });
    expect(whoami.body).toMatchObject({ user_id: session.user_id, device_id: session.device_id });
    expect(Date.parse(session.expires_at ?? "")).toBe(clock.date().getTime() + 300_000);
    const form = {
      grant_type: "refresh_token",
      client_id: session.oauth?.client_id ?? "",
      refresh_token: session.refresh_token ?? "",
    };
    expect((await call(baseUrl, "POST /oauth2/token", { form })).status).toBe(200);
  });

  it("can lose its cross-signing keys", async () => {
    const server = await devHomeserver();
    server.removeCrossSigning();
    const keys = await call(server.baseUrl, "POST /_matrix/client/v3/keys/query", {
      token: server.existingSession.access_token,
      json: { device_keys: { [server.account.userId]: [] } },
    });
    expect(Object.keys(keys.body).toSorted()).toEqual(["device_keys", "failures"]);
  });
});
