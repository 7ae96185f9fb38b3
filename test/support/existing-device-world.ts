import { join } from "node:path";
import type { LoginEvent } from "../../src/foundation/events.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import type { SecretsSource } from "../../src/session/secrets-source.js";
import type { PortableSession } from "../../src/session/session-file.js";
import { SessionStore } from "../../src/session/store.js";
import { openExistingAccount } from "../../src/sign-in/existing-device.js";
import type { SignInWorld } from "../../src/sign-in/world.js";
import { FakeClock } from "./fake-clock.js";
import { FakeHttp } from "./fake-http.js";
import { OAUTH_ROUTES } from "./oauth-homeserver.js";
import { DEVICE, fullSession, publishedKeys, temporaryDirectory, USER } from "./sessions.js";

export const { signal } = new AbortController();
export const API = "https://hs.example/_matrix/client/v3";
export const TOKEN = "POST https://auth.example/token";
export const WHOAMI = `GET ${API}/account/whoami`;
export const KEYS = `POST ${API}/keys/query`;

/** A session on disk, and its homeserver in memory. `open` opens the account as an existing device does. */
export async function setUp(changes: Partial<PortableSession> = {}) {
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
