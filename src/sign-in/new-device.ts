import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { isServerName, serverNameOf } from "../foundation/identifiers.js";
import { resolveHomeserver } from "../homeserver/resolve-homeserver.js";
import { endpoint } from "../network/base-url.js";
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

/** The one homeserver that is spoken to, and the server name that it was found by. */
interface PinnedHomeserver {
  readonly baseUrl: URL;
  readonly serverName: string | undefined;
}

type LearnHomeserver = (
  channel: SecureChannel,
  signal: AbortSignal,
  pinned?: PinnedHomeserver,
) => Promise<URL>;

/** Step 1 of MSC4108 for a new device that generated the code: `m.login.protocols` names the homeserver. */
export function homeserverFromProtocols(world: SignInWorld): LearnHomeserver {
  return async (channel, signal, pinned) => {
    const { protocols, homeserver } = await channel.receive(["m.login.protocols"], "machine", signal);
    if (!protocols.includes(DEVICE_AUTHORIZATION_GRANT)) throw new Failure("unsupported_protocol");
    if (!isUrl(homeserver) && !isServerName(homeserver)) throw new Failure("unexpected_message");
    return resolveNamed(world, homeserver, pinned, signal);
  };
}

/** Step 1 of MSC4108 for a new device that scanned the code: the code names it. */
export function homeserverFromCode(world: SignInWorld, code: SignInQrPayload): LearnHomeserver {
  const homeserver = code.channel === "msc4388" ? code.baseUrl : code.serverName;
  return async (_channel, signal, pinned) => {
    if (homeserver === undefined) throw new Failure("malformed_sign_in_code");
    return resolveNamed(world, homeserver, pinned, signal);
  };
}

/** With a pinned homeserver nothing at all is asked of another one, whatever is named. */
async function resolveNamed(
  world: SignInWorld,
  named: string,
  pinned: PinnedHomeserver | undefined,
  signal: AbortSignal,
): Promise<URL> {
  if (!pinned) return resolveHomeserver(named, world, signal);
  const { baseUrl, serverName } = pinned;
  const isSame = isUrl(named) ? endpoint(new URL(named), "").href === baseUrl.href : named === serverName;
  if (!isSame) {
    const message = `${escapeText(named)} was named as the homeserver, but the expected user's is ${baseUrl.host}.`;
    world.emit({ event: "warning", code: "homeserver_ignored", message });
  }
  return baseUrl;
}

/** A server name with a port would parse as a URL, too. */
function isUrl(text: string): boolean {
  return text.includes("://") && URL.canParse(text);
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
  const pinned = pinnedHomeserver(request);
  // Not before: the code that is scanned meanwhile waits for no OAuth library.
  const { createSignInHomeserver } = await import("../homeserver/sign-in-homeserver.js");
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
    (secure, learning) => learnHomeserver(secure, learning, pinned),
    signal,
  );
  const session = request.sessionFile.path;
  emit({ event: "done", role: "new", user_id: userId, device_id: deviceId, verified: true, session });
}

function pinnedHomeserver({ expectedUser, expectedBaseUrl }: NewDeviceRequest): PinnedHomeserver | undefined {
  const serverName = expectedUser === undefined ? undefined : serverNameOf(expectedUser);
  return expectedBaseUrl && { baseUrl: expectedBaseUrl, serverName };
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
