import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { revealed, Secret } from "../../../src/foundation/secret.js";
import type { PortableSession } from "../../../src/session/session-file.js";
import { API, KEYS, setUp, signal, TOKEN, WHOAMI } from "../../support/existing-device-world.js";
import { expectFailure } from "../../support/failures.js";
import { AUTH_METADATA, formOf } from "../../support/oauth-homeserver.js";
import { storedAccount } from "../../support/secret-storage.js";
import { DEVICE, newCrossSigningSecrets, USER } from "../../support/sessions.js";

const METADATA = "GET https://hs.example/_matrix/client/v1/auth_metadata";

describe("the account of an existing device", () => {
  it("is the session's, with its secrets", async () => {
    const { open, session } = await setUp();
    const account = await open();
    expect(account).toMatchObject({ userId: USER, deviceId: DEVICE, secrets: session.secrets });
    expect(account.baseUrl.href).toBe("https://hs.example/");
    expect(await account.accessToken(signal)).toEqual(session.access_token);
  });

  it.each([
    ["2026-01-01T00:02:59Z", true],
    ["2026-01-01T00:03:00Z", false],
    ["2025-12-31T23:00:00Z", true],
  ])(
    "has a token that lives for three minutes: one that ends at %s is refreshed: %s",
    async (expires_at, refreshed) => {
      const { open, http, store, path } = await setUp({ expires_at });
      const account = await open();
      expect(http.log.includes(TOKEN)).toBe(refreshed);
      if (!refreshed) return;
      expect(formOf(http.last(TOKEN))).toMatchObject({
        grant_type: "refresh_token",
        refresh_token: "refresh-token-1",
        client_id: "client-1",
      });
      expect(http.last(WHOAMI).accessToken).toEqual(new Secret("access-2"));
      expect(await account.accessToken(signal)).toEqual(new Secret("access-2"));
      expect(revealed(await store.read(path))).toMatchObject({
        access_token: "access-2",
        refresh_token: "refresh-2",
      });
    },
  );

  it.each([
    ["another user", { user_id: "@other:example.org", device_id: DEVICE }, "unexpected_user", "security"],
    ["another device", { user_id: USER, device_id: "OTHERDEVICE" }, "session_invalid", "local"],
  ] as const)("is refused where its token turns out to be of %s", async (_what, json, code, kind) => {
    const { open, http } = await setUp();
    http.on(WHOAMI, { json });
    const failure = await expectFailure(code, open);
    expect(failure.kind).toBe(kind);
  });

  it("is refused where the homeserver no longer accepts it", async () => {
    const { open, http } = await setUp();
    http.on(WHOAMI, { status: 401, json: { errcode: "M_UNKNOWN_TOKEN" } });
    http.on(TOKEN, { status: 400, json: { error: "invalid_grant" } });
    const failure = await expectFailure("session_dead", open);
    expect(failure.kind).toBe("local");
  });

  it.each([
    ["no OAuth at all", { status: 404, json: { errcode: "M_UNRECOGNIZED" } }, "homeserver_without_oauth"],
    [
      "no device authorization grant",
      { json: { ...AUTH_METADATA, device_authorization_endpoint: undefined } },
      "homeserver_without_device_grant",
    ],
  ] as const)("can't help where its homeserver has %s", async (_what, reply, code) => {
    const { open, http } = await setUp();
    http.on(METADATA, reply);
    http.on("GET https://hs.example/_matrix/client/unstable/org.matrix.msc2965/auth_metadata", reply);
    const failure = await expectFailure(code, open);
    expect(failure.kind).toBe("unsupported");
  });

  it("can't help where cross-signing was never set up, or was reset since", async () => {
    const none = await setUp();
    none.http.on(KEYS, { json: { device_keys: {} } });
    expect((await expectFailure("cross_signing_missing", none.open)).kind).toBe("local");

    const reset = await setUp({ secrets: { cross_signing: newCrossSigningSecrets() } });
    expect((await expectFailure("secrets_mismatch", reset.open)).kind).toBe("security");
  });
});

describe("the secrets of an existing device", () => {
  const withoutSecrets = async () => {
    const all = await setUp();
    const { secrets: _, ...session } = all.session;
    await all.store.write(all.path, { ...session, state: "complete" });
    return { ...all, file: join(all.directory, "secrets.txt") };
  };

  it("have to be somewhere", async () => {
    const { open } = await withoutSecrets();
    const failure = await expectFailure("secrets_missing", () => open());
    expect(failure.kind).toBe("local");
  });

  it.each([
    ["a secrets bundle", (session: PortableSession): unknown => session.secrets],
    ["a portable session", (session: PortableSession): unknown => session],
  ])("may be in a file with %s", async (_what, content) => {
    const { open, session, file } = await withoutSecrets();
    await writeFile(file, JSON.stringify(revealed(content(session))));
    expect((await open({ from: "file", path: file })).secrets).toEqual(session.secrets);
  });

  it.each([
    ["no JSON", "{"],
    ["no secrets", "{}"],
    ["too much", " ".repeat(65 * 1024)],
  ])("are not in a file with %s", async (_what, content) => {
    const { open, file } = await withoutSecrets();
    await writeFile(file, content);
    const failure = await expectFailure("secrets_missing", () => open({ from: "file", path: file }));
    expect(failure.hint).toContain("exported session");
  });

  it("are not in a file that isn't there", async () => {
    const { open, file } = await withoutSecrets();
    await expectFailure("file_error", () => open({ from: "file", path: file }));
  });
});

describe("the secrets of an existing device, in secret storage", () => {
  /** What opens it, and how often that was asked for. */
  const source = (text: string) => ({ attempts: 1, read: vi.fn(async () => new Secret(text)) });

  async function withSecretStorage() {
    const all = await setUp();
    const { cross_signing, backup } = revealed(all.session.secrets);
    const stored = storedAccount(undefined, {
      "m.cross_signing.master": cross_signing.master_key,
      "m.cross_signing.self_signing": cross_signing.self_signing_key,
      "m.cross_signing.user_signing": cross_signing.user_signing_key,
      "m.megolm_backup.v1": backup?.key ?? "",
    });
    for (const [type, json] of Object.entries(stored.account_data)) {
      const user = encodeURIComponent(USER);
      all.http.on(`GET ${API}/user/${user}/account_data/${encodeURIComponent(type)}`, { json });
    }
    return { ...all, key: stored.recovery_key, crossSigning: cross_signing };
  }

  it("are taken out with the recovery key, rather than the session's own", async () => {
    const { open, store, path, key, crossSigning, session } = await withSecretStorage();
    const old = { cross_signing: newCrossSigningSecrets() };
    await store.write(path, { ...session, secrets: old, state: "complete" });
    const { secrets } = await open({ from: "secret_storage", recoveryKey: source(key) });
    expect(revealed(secrets.cross_signing)).toEqual(crossSigning);
    // They are for this sign-in.
    expect(revealed((await store.read(path)).secrets)).toEqual(revealed(old));
  });

  it("are only asked for where the session has none, if that is what was meant", async () => {
    const { open, store, path, key, crossSigning, session } = await withSecretStorage();
    const recoveryKey = source(key);
    await open({ from: "secret_storage", recoveryKey, ifMissing: true });
    expect(recoveryKey.read).not.toHaveBeenCalled();
    const { secrets: _, ...without } = session;
    await store.write(path, { ...without, state: "complete" });
    const { secrets } = await open({ from: "secret_storage", recoveryKey, ifMissing: true });
    expect(revealed(secrets.cross_signing)).toEqual(crossSigning);
    expect(recoveryKey.read).toHaveBeenCalledOnce();
  });

  it("are asked for once it is known that the homeserver can do it, and that the token is the account's", async () => {
    const { open, http, key } = await withSecretStorage();
    const recoveryKey = source(key);
    http.on(WHOAMI, { json: { user_id: "@other:example.org", device_id: DEVICE } });
    await expectFailure("unexpected_user", () => open({ from: "secret_storage", recoveryKey }));
    expect(recoveryKey.read).not.toHaveBeenCalled();
  });
});
