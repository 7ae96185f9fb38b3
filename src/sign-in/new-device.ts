import { Failure } from "../errors.js";
import { resolveHomeserver } from "../homeserver/discovery.js";
import { createSignInHomeserver } from "../homeserver/sign-in-homeserver.js";
import { generateDeviceIdentityKeys } from "../protocol/device-keys.js";
import { DEVICE_AUTHORIZATION_GRANT } from "../protocol/messages.js";
import { signInAsNewDevice } from "../protocol/new-device.js";
import type { SignInQrPayload } from "../protocol/qr-code.js";
import type { SecureChannel } from "../protocol/secure-channel.js";
import type { NewSession, SessionFile } from "../protocol/sign-in-attempt.js";
import type { StoredSession } from "../session/session-file.js";
import type { NewSessionFile } from "../session/store.js";
import type { SignInWorld } from "./world.js";

/** What a person or a script says of the new device. */
export interface NewDeviceRequest {
  readonly deviceId: string;
  readonly sessionFile: NewSessionFile;
  readonly deviceName?: string | undefined;
  /** A registered OAuth client; one is registered where there is none. */
  readonly clientId?: string | undefined;
  readonly expectedUser?: string | undefined;
  /** The expected user's homeserver: all requests of the sign-in go there, whatever others name. */
  readonly expectedBaseUrl?: URL | undefined;
  readonly expectedMasterKey?: string | undefined;
  readonly keepUnverified: boolean;
}

/** What the consent page calls this program where nobody gave the device a name. */
const CLIENT_NAME = "matrix-qr-login";

type LearnHomeserver = (channel: SecureChannel, signal: AbortSignal) => Promise<URL>;

/** Step 1 of MSC4108 for a new device that generated the code: `m.login.protocols` names the homeserver. */
export function homeserverFromProtocols(world: SignInWorld): LearnHomeserver {
  return async (channel, signal) => {
    const { protocols, homeserver } = await channel.receive(["m.login.protocols"], "machine", signal);
    if (!protocols.includes(DEVICE_AUTHORIZATION_GRANT)) throw new Failure("unsupported_protocol");
    return resolveHomeserver(homeserver, world, signal);
  };
}

/** Step 1 of MSC4108 for a new device that scanned the code: the code names it. */
export function homeserverFromCode(world: SignInWorld, code: SignInQrPayload): LearnHomeserver {
  const homeserver = code.channel === "msc4388" ? code.baseUrl : code.serverName;
  return async (_channel, signal) => {
    if (homeserver === undefined) throw new Failure("malformed_sign_in_code");
    return resolveHomeserver(homeserver, world, signal);
  };
}

/** Signs this device in over a secure channel. What is done then is said, and in the session file. */
export async function newDevice(
  world: SignInWorld,
  request: NewDeviceRequest,
  channel: SecureChannel,
  learnHomeserver: LearnHomeserver,
  signal: AbortSignal,
): Promise<void> {
  const { http, urlPolicy, clock, emit } = world;
  const { deviceId, deviceName, clientId, expectedUser, expectedMasterKey, keepUnverified } = request;
  const { userId } = await signInAsNewDevice(
    {
      deviceId,
      identityKeys: generateDeviceIdentityKeys(),
      connect: (baseUrl) =>
        createSignInHomeserver({
          http,
          urlPolicy,
          clock,
          baseUrl,
          clientName: deviceName ?? CLIENT_NAME,
          clientId,
        }),
      sessionFile: sessionFile(world, request),
      expectedUser,
      expectedMasterKey,
      keepUnverified,
      emit,
      clock,
    },
    channel,
    pinned(world, request.expectedBaseUrl, learnHomeserver),
    signal,
  );
  const session = request.sessionFile.path;
  emit({ event: "done", role: "new", user_id: userId, device_id: deviceId, verified: true, session });
}

function pinned({ emit }: SignInWorld, expected: URL | undefined, learn: LearnHomeserver): LearnHomeserver {
  if (!expected) return learn;
  return async (channel, signal) => {
    const named = await learn(channel, signal);
    if (named.href !== expected.href) {
      const message = `${named.host} was named as homeserver, but --expect-user's is ${expected.host}.`;
      emit({ event: "warning", code: "homeserver_ignored", message });
    }
    return expected;
  };
}

/** The role's session, as session files have it. */
function sessionFile({ clock }: SignInWorld, { sessionFile, deviceName }: NewDeviceRequest): SessionFile {
  const created_at = clock.date().toISOString();
  return {
    path: sessionFile.path,
    save: (session) =>
      sessionFile.save({
        ...stored(session),
        created_at,
        ...(deviceName ? { device_name: deviceName } : {}),
      }),
    remove: () => sessionFile.remove(),
  };
}

function stored({
  state,
  baseUrl,
  oauthClient,
  deviceId,
  identityKeys,
  tokens,
  userId,
  secrets,
}: NewSession) {
  return {
    state,
    base_url: baseUrl.href,
    ...(userId === undefined ? {} : { user_id: userId }),
    device_id: deviceId,
    access_token: tokens.accessToken,
    ...(tokens.refreshToken === undefined ? {} : { refresh_token: tokens.refreshToken }),
    ...(tokens.expiresAt === undefined ? {} : { expires_at: tokens.expiresAt }),
    oauth: { issuer: oauthClient.issuer, client_id: oauthClient.clientId },
    ...(secrets === undefined ? {} : { secrets }),
    device_keys: { ed25519: identityKeys.ed25519, curve25519: identityKeys.curve25519 },
  } satisfies StoredSession;
}
