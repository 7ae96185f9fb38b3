import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import type { LoginEvent } from "../../src/foundation/events.js";
import { revealed, Secret } from "../../src/foundation/secret.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import type { LoginProtocol } from "../../src/protocol/messages.js";
import type { SecretsSource } from "../../src/session/secrets-source.js";
import type { PortableSession } from "../../src/session/session-file.js";
import { SessionStore } from "../../src/session/store.js";
import {
  announceHomeserver,
  announceNothing,
  homeserverName,
  openExistingAccount,
  signInOtherDevice,
} from "../../src/sign-in/existing-device.js";
import type { SignInWorld } from "../../src/sign-in/world.js";
import { channelPair } from "../support/channel-pair.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeHttp } from "../support/fake-http.js";
import { AUTH_METADATA, formOf, OAUTH_ROUTES } from "../support/oauth-homeserver.js";
import { ending } from "../support/roles.js";
import { storedAccount } from "../support/secret-storage.js";
import {
  DEVICE,
  fullSession,
  newCrossSigningSecrets,
  publishedKeys,
  temporaryDirectory,
  USER,
} from "../support/sessions.js";

const { signal } = new AbortController();
const API = "https://hs.example/_matrix/client/v3";
const METADATA = "GET https://hs.example/_matrix/client/v1/auth_metadata";
const TOKEN = "POST https://auth.example/token";
const WHOAMI = `GET ${API}/account/whoami`;
const KEYS = `POST ${API}/keys/query`;

/** A session on disk, and its homeserver in memory. */
async function setUp(changes: Partial<PortableSession> = {}) {
  const session = {
    ...fullSession(),
    base_url: "https://hs.example",
    expires_at: "2026-01-01T00:05:00Z",
    oauth: { issuer: "https://auth.example/", client_id: "client-1" },
  };
  const published = publishedKeys(session);
  const clock = new FakeClock();
  const http = new FakeHttp({
    ...OAUTH_ROUTES,
    [WHOAMI]: { json: { user_id: USER, device_id: DEVICE } },
    [KEYS]: {
      json: {
        device_keys: {},
        master_keys: { [USER]: published.masterKey },
        self_signing_keys: { [USER]: published.selfSigningKey },
        user_signing_keys: { [USER]: published.userSigningKey },
      },
    },
    [TOKEN]: {
      json: { token_type: "Bearer", access_token: "access-2", refresh_token: "refresh-2", expires_in: 300 },
    },
  });
  const directory = await temporaryDirectory();
  const store = new SessionStore(directory);
  const path = join(directory, "existing.json");
  await store.create(path, { ...session, ...changes, state: "complete" });
  const events: LoginEvent[] = [];
  const world: SignInWorld = {
    http,
    urlPolicy: createUrlPolicy([]),
    clock,
    emit: (event) => events.push(event),
  };
  const open = (source?: SecretsSource) => openExistingAccount(world, store, path, source, signal);
  return { session, http, clock, directory, store, path, events, world, open };
}

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

describe("an existing device", () => {
  const PROTOCOL: LoginProtocol = {
    type: "m.login.protocol",
    protocol: "device_authorization_grant",
    device_authorization_grant: { verification_uri: "https://auth.example/link" },
    device_id: "NEWDEVICE1",
  };

  it("ends with `done`", async () => {
    const { open, http, world, events } = await setUp();
    const account = await open();
    http.on(`GET ${API}/devices/NEWDEVICE1`, [
      { status: 404, json: { errcode: "M_NOT_FOUND" } },
      { json: { device_id: "NEWDEVICE1" } },
    ]);
    const { g, s, clock } = await channelPair("existing");
    const play = async () => {
      await s.send(PROTOCOL, signal);
      await s.receive(["m.login.protocol_accepted"], "machine", signal);
      await s.send({ type: "m.login.success" }, signal);
      return s.receive(["m.login.secrets"], "machine", signal);
    };
    const helping = signInOtherDevice(
      { ...world, clock },
      account,
      { by: "printing" },
      g,
      announceNothing,
      signal,
    );
    const [, secrets] = await clock.runUntil(Promise.all([helping, play()]));
    expect(secrets).toMatchObject(account.secrets);
    expect(events.at(-1)).toEqual({
      event: "done",
      role: "existing",
      user_id: USER,
      device_id: "NEWDEVICE1",
    });
  });

  it.each([
    "http://auth.example/link",
    "https://user:password@auth.example/",
    "javascript:alert(1)",
    "no link",
  ])("never opens or shows %s", async (verification_uri) => {
    const { open, world, events } = await setUp();
    const account = await open();
    const { g, s, clock } = await channelPair("existing");
    const play = async () => {
      await s.send({ ...PROTOCOL, device_authorization_grant: { verification_uri } }, signal);
      await s.receive(["m.login.protocol_accepted"], "machine", signal);
    };
    const opener = { by: "command", executable: "/nowhere/browser" } as const;
    const helping = ending(
      signInOtherDevice({ ...world, clock }, account, opener, g, announceNothing, signal),
    );
    const [here, there] = await clock.runUntil(Promise.all([helping, ending(play())]));
    expect(here.failure).toMatchObject({ code: "url_refused", kind: "security" });
    expect(there.failure?.details.reason).toBe("unable_to_open_verification_uri");
    expect(events).toEqual([]);
  });

  it("that has scanned announces its homeserver by its URL, which everybody reads", async () => {
    const { open } = await setUp();
    const { g, s } = await channelPair();
    await announceHomeserver(await open())(s, signal);
    expect(await g.receive(["m.login.protocols"], "machine", signal)).toEqual({
      type: "m.login.protocols",
      protocols: ["device_authorization_grant"],
      homeserver: "https://hs.example/",
    });
  });

  it("is called by its server name in a code of the 2024 version, by its URL over plain http", async () => {
    const account = await (await setUp()).open();
    expect(homeserverName(account)).toBe("example.org");
    const plain = new URL("http://localhost:8008/");
    expect(homeserverName({ ...account, baseUrl: plain })).toBe("http://localhost:8008/");
  });
});
