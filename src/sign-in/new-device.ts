import type { Done } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import { isServerName } from "../foundation/identifiers.js";
import { resolveClaimedHomeserver } from "../homeserver/resolve-homeserver.js";
import { generateDeviceIdentityKeys } from "../protocol/device-keys.js";
import type { ExpectedUser } from "../protocol/expected-user.js";
import type { SignInHomeserver, Tokens } from "../protocol/homeserver.js";
import { DEVICE_AUTHORIZATION_GRANT } from "../protocol/messages.js";
import { type HomeserverClaim, type LearnHomeserver, signInAsNewDevice } from "../protocol/new-device.js";
import type { SignInQrPayload } from "../protocol/qr-code.js";
import type { SecureChannel } from "../protocol/secure-channel.js";
import type { NewSession, SessionFile } from "../protocol/sign-in-attempt.js";
import type { SignedInDevice } from "../protocol/signing-in.js";
import { withSessionLock } from "../session/lock.js";
import type { NewSessionFile } from "../session/new-session-file.js";
import type { StoredSession } from "../session/session-file.js";
import type { SignInWorld } from "./world.js";

/** What a person or a script says of the new device. */
export interface NewDeviceRequest {
  readonly deviceId: string;
  readonly sessionFile: NewSessionFile;
  readonly deviceName?: string | undefined;
  /** A registered OAuth client; one is registered where there is none. */
  readonly clientId?: string | undefined;
  readonly expectedUser?: ExpectedUser | undefined;
  /** The public master cross-signing key that the account must have, unpadded base64. */
  readonly expectedMasterKey?: string | undefined;
  /** Keep the session when the secrets never come. */
  readonly keepUnverified: boolean;
  /** Whether the device keys are uploaded, the default, or left to the client that takes the session over. */
  readonly deviceKeys?: "upload" | "defer" | undefined;
  /** The homeserver that was asked ahead, if one was; of use where the device is indeed signed in there. */
  readonly askedAhead?: (() => Promise<SignInHomeserver | undefined>) | undefined;
}

/** What the consent page calls this program where nobody gave the device a name. */
const CLIENT_NAME = "matrix-qr-login";

/**
 * Step 1 for a new device that generated the code: `m.login.protocols` names the homeserver.
 *
 * @throws {Failure} `unsupported_protocol`, `unexpected_message`, and what the channel throws
 */
export async function homeserverFromProtocols(
  channel: SecureChannel<"new">,
  signal: AbortSignal,
): Promise<HomeserverClaim> {
  const { protocols, homeserver } = await channel.receive(["m.login.protocols"], "machine", signal);
  if (!protocols.includes(DEVICE_AUTHORIZATION_GRANT)) throw new Failure("unsupported_protocol");
  if (!isUrl(homeserver) && !isServerName(homeserver)) throw new Failure("unexpected_message");
  return homeserver;
}

/** Step 1 for a new device that scanned the code: the code names the homeserver. */
export function homeserverFromCode(code: SignInQrPayload): LearnHomeserver {
  const homeserver = code.channel === "msc4388" ? code.baseUrl : code.serverName;
  return async () => {
    if (homeserver === undefined) throw new Failure("malformed_sign_in_code");
    return homeserver;
  };
}

/** A server name with a port would parse as a URL, too. */
function isUrl(text: string): boolean {
  return text.includes("://") && URL.canParse(text);
}

/**
 * Signs this device in over a secure channel, with a session file and a homeserver on the network. What is done
 * then is said by events, and in the session file.
 *
 * @throws {Failure} whatever ended the sign-in, with what became of its tokens
 * @throws the signal's own reason, after the same clean-up
 */
export async function signInThisDevice(
  world: SignInWorld,
  request: NewDeviceRequest,
  channel: SecureChannel<"new">,
  learnHomeserver: LearnHomeserver,
  signal: AbortSignal,
): Promise<void> {
  // Not before: the code that is scanned meanwhile waits for no OAuth library.
  const connect = await connector(world, request);
  const askedAhead = await request.askedAhead?.();
  const signedIn = await signInAsNewDevice(
    {
      ...signingIn(world, request),
      resolveHomeserver: (claim, resolving) => resolveClaimedHomeserver(claim, world, resolving),
      connect: (baseUrl) => (askedAhead?.baseUrl.href === baseUrl.href ? askedAhead : connect(baseUrl)),
    },
    channel,
    learnHomeserver,
    signal,
  );
  world.emit(doneEvent(signedIn, request));
}

/** Loads what OAuth takes. The result connects to a homeserver by its base URL. */
export async function connector(world: SignInWorld, { deviceName, clientId }: NewDeviceRequest) {
  const { createSignInHomeserver } = await import("../homeserver/sign-in-homeserver.js");
  const clientName = deviceName ?? CLIENT_NAME;
  return (baseUrl: URL) => createSignInHomeserver({ ...world, baseUrl, clientName, clientId });
}

/** What every way of signing this device in needs. */
export function signingIn(world: SignInWorld, request: NewDeviceRequest) {
  const { deviceId, expectedUser, expectedMasterKey, keepUnverified, deviceKeys } = request;
  return {
    deviceId,
    identityKeys: deviceKeys === "defer" ? undefined : generateDeviceIdentityKeys(),
    sessionFile: sessionFile(world, request),
    expectedUser,
    expectedMasterKey,
    keepUnverified,
    emit: world.emit,
    clock: world.clock,
  };
}

/** The end of a sign-in that went well. */
export function doneEvent({ userId, deviceId, deviceKeys }: SignedInDevice, request: NewDeviceRequest): Done {
  return {
    event: "done",
    role: "new",
    user_id: userId,
    device_id: deviceId,
    verified: deviceKeys === "uploaded",
    device_keys: deviceKeys,
    session: request.sessionFile.path,
  };
}

/** The role's session, as session files have it. */
function sessionFile({ clock }: SignInWorld, { sessionFile, deviceName }: NewDeviceRequest): SessionFile {
  const created_at = clock.date().toISOString();
  return {
    get path() {
      return sessionFile.path;
    },
    async save(session) {
      await sessionFile.save({
        ...stored(session),
        created_at,
        ...(deviceName ? { device_name: deviceName } : {}),
      });
      if (session.userId !== undefined) await sessionFile.nameAfter?.(session.userId);
    },
    async exclusively(signal, work) {
      if (!sessionFile.read) return work(undefined);
      return withSessionLock(sessionFile.path, clock, signal, async () => {
        const there = await sessionFile.read?.();
        const release = await sessionFile.reserve?.();
        return work(there && tokensOf(there)).finally(release);
      });
    },
    remove: () => sessionFile.remove(),
  };
}

function stored({
  state,
  baseUrl,
  oauthClient,
  deviceId,
  identityKeys,
  deviceKeysState,
  tokens,
  userId,
  secrets,
}: NewSession) {
  return {
    state,
    base_url: baseUrl.href,
    ...(userId === undefined ? {} : { user_id: userId }),
    device_id: deviceId,
    ...(tokens && storedTokens(tokens)),
    oauth: { issuer: oauthClient.issuer, client_id: oauthClient.clientId },
    ...(secrets === undefined ? {} : { secrets }),
    ...(deviceKeysState === undefined ? {} : { device_keys_state: deviceKeysState }),
    ...(identityKeys === undefined
      ? {}
      : { device_keys: { ed25519: identityKeys.ed25519, curve25519: identityKeys.curve25519 } }),
  } satisfies StoredSession;
}

function tokensOf({
  access_token: accessToken,
  refresh_token: refreshToken,
  expires_at: expiresAt,
  token_lifetime_ms: lifetimeMs,
}: StoredSession): Tokens | undefined {
  if (!accessToken) return undefined;
  return {
    accessToken,
    ...(refreshToken && { refreshToken }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(lifetimeMs !== undefined && { lifetimeMs }),
  };
}

function storedTokens({ accessToken, refreshToken, expiresAt, lifetimeMs }: Tokens) {
  return {
    access_token: accessToken,
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    ...(lifetimeMs === undefined ? {} : { token_lifetime_ms: lifetimeMs }),
  };
}
