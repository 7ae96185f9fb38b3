import type { Intent, LoginEvent } from "../../src/foundation/events.js";
import { revealed } from "../../src/foundation/secret.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import type { LearnHomeserver } from "../../src/protocol/new-device.js";
import type { SecureChannel } from "../../src/protocol/secure-channel.js";
import { parseStoredSession, type StoredSession } from "../../src/session/session-file.js";
import {
  homeserverFromProtocols,
  type NewDeviceRequest,
  signInThisDevice,
} from "../../src/sign-in/new-device.js";
import type { SignInWorld } from "../../src/sign-in/world.js";
import { channelPair } from "./channel-pair.js";
import { FakeHttp } from "./fake-http.js";
import { OAUTH_ROUTES } from "./oauth-homeserver.js";
import { ending } from "./roles.js";
import { fullSession, publishedKeys, USER } from "./sessions.js";

export const { signal } = new AbortController();
export const DEVICE = "NEWDEVICE1";
export const PATH = "/sessions/bot.json";
export const TOKEN = "POST https://auth.example/token";
export const API = "https://hs.example/_matrix/client/v3";
export const PROTOCOLS = ["device_authorization_grant"];

/** A homeserver that grants tokens at once and publishes what is uploaded. */
function homeserver() {
  const account = fullSession();
  const published = publishedKeys(account);
  const deviceKeys: Record<string, unknown> = {};
  const http = new FakeHttp({
    ...OAUTH_ROUTES,
    [TOKEN]: {
      json: { token_type: "Bearer", access_token: "access-1", refresh_token: "refresh-1", expires_in: 300 },
    },
    [`GET ${API}/account/whoami`]: { json: { user_id: USER, device_id: DEVICE } },
    [`POST ${API}/keys/upload`]: ({ body = "" }) => {
      deviceKeys[DEVICE] = JSON.parse(body).device_keys;
      return { json: {} };
    },
    [`POST ${API}/keys/query`]: () => ({
      json: {
        device_keys: { [USER]: deviceKeys },
        master_keys: { [USER]: published.masterKey },
        self_signing_keys: { [USER]: published.selfSigningKey },
        user_signing_keys: { [USER]: published.userSigningKey },
      },
    }),
    [`GET ${API}/room_keys/version`]: { status: 404, json: { errcode: "M_NOT_FOUND" } },
  });
  return { http, secrets: account.secrets };
}

/** A new device, the one that helps it, and a homeserver: all in memory. `run` is the new device itself. */
export async function setUp<G extends Intent = "new">(
  changes: Partial<NewDeviceRequest> = {},
  intent: G = "new" as G,
) {
  // What is loaded only when it is needed takes real time, which the clock of the tests doesn't wait for.
  await import("../../src/homeserver/sign-in-homeserver.js");
  const pair = await channelPair(intent);
  const { http, secrets } = homeserver();
  const events: LoginEvent[] = [];
  const saved: StoredSession[] = [];
  const world: SignInWorld = {
    http,
    urlPolicy: createUrlPolicy([]),
    clock: pair.clock,
    emit: (event) => events.push(event),
  };
  const request: NewDeviceRequest = {
    deviceId: DEVICE,
    keepUnverified: false,
    sessionFile: {
      path: PATH,
      save: async (session) => {
        // Whatever is saved has to be a session file that can be read again.
        saved.push(parseStoredSession(JSON.stringify(revealed(session)), PATH));
      },
      remove: async () => undefined,
    },
    ...changes,
  };
  const run = (channel: SecureChannel<"new">, learn: LearnHomeserver) =>
    ending(signInThisDevice(world, request, channel, learn, signal));
  return { ...pair, http, secrets, events, saved, world, run };
}

export type SetUp<G extends Intent = Intent> = Awaited<ReturnType<typeof setUp<G>>>;

/** What an existing device does once the homeserver is known. */
export async function help(peer: SecureChannel, secrets: SetUp["secrets"]): Promise<void> {
  await peer.receive(["m.login.protocol"], "machine", signal);
  await peer.send({ type: "m.login.protocol_accepted" }, signal);
  await peer.receive(["m.login.success"], "machine", signal);
  await peer.sendFinal({ type: "m.login.secrets", ...secrets }, signal);
}

/** The new device has generated the code, and is told the homeserver. */
export async function told(
  { clock, g, s, run, secrets }: SetUp<"new">,
  homeserver: string,
  protocols = PROTOCOLS,
) {
  const play = async () => {
    await s.send({ type: "m.login.protocols", protocols, homeserver }, signal);
    await help(s, secrets);
  };
  const both = Promise.all([run(g, homeserverFromProtocols), ending(play())]);
  const [end, other] = await clock.runUntil(both);
  return { failure: end.failure, other: other.failure };
}

export const hostsAsked = ({ http }: SetUp) => new Set(http.requests.map(({ url }) => url.host));
