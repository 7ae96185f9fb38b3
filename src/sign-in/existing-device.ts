import { Failure } from "../foundation/failures.js";
import { serverNameOf } from "../foundation/identifiers.js";
import type { Secret } from "../foundation/secret.js";
import { sideBySide } from "../foundation/side-by-side.js";
import { type DeviceGrantMetadata, requireDeviceGrant } from "../homeserver/metadata.js";
import { checkExistingDevice, helpNewDevice } from "../protocol/existing-device.js";
import type { AccountHomeserver } from "../protocol/homeserver.js";
import { DEVICE_AUTHORIZATION_GRANT } from "../protocol/messages.js";
import { rememberPublished } from "../protocol/remember-published.js";
import type { SecretsBundle } from "../protocol/secrets.js";
import type { SecureChannel } from "../protocol/secure-channel.js";
import { openSecretStorageFrom } from "../secret-storage/key-source.js";
import { checkOwner } from "../session/check.js";
import { type ConnectedSession, connectSession } from "../session/connect.js";
import { readSecretsFile, type SecretsSource } from "../session/secrets-source.js";
import { type PortableSession, toPortable } from "../session/session-file.js";
import type { SessionStore } from "../session/store.js";
import { type LinkOpener, openLink } from "./open-link.js";
import { warningsOfLink } from "./suspicious-link.js";
import type { SignInWorld } from "./world.js";

/** The account of an existing device, found fit to sign another device in. */
export interface ExistingAccount {
  readonly userId: string;
  readonly deviceId: string;
  readonly baseUrl: URL;
  /** The authorization server, where consent pages are expected to be. */
  readonly issuer: URL;
  readonly homeserver: AccountHomeserver;
  readonly secrets: SecretsBundle;
  /** Good for a request: where one is rejected later on, it is renewed then. */
  accessToken(signal: AbortSignal): Promise<Secret>;
}

/** The token must live as long as a sign-in may take. */
const FRESH_FOR_MS = 180_000;
const FRESH_FOR_A_REQUEST_MS = 10_000;

/**
 * Opens a session and checks, before any QR code, that it can sign another device in: that it lives, that
 * the homeserver offers what is needed, and that the secrets are the account's (MSC4108 §Discoverability).
 *
 * @param source where the secrets come from; by default from the session
 * @throws {Failure} `session_invalid`, `session_incomplete`, `session_dead`, `unexpected_user`, `secrets_missing`,
 *   `secrets_mismatch`, `cross_signing_missing`, `homeserver_without_oauth`, `..._device_grant`, and what
 *   `openSecretStorageFrom` throws
 */
export async function openExistingAccount(
  world: SignInWorld,
  store: SessionStore,
  path: string,
  source: SecretsSource | undefined,
  signal: AbortSignal,
): Promise<ExistingAccount> {
  const check = await readExistingAccount(world, store, path, source, signal);
  return check(signal);
}

/**
 * The first half of `openExistingAccount`: what is on this machine.
 *
 * @returns the second half, which asks the homeserver
 * @throws {Failure} as `openExistingAccount` does
 */
export async function readExistingAccount(
  world: SignInWorld,
  store: SessionStore,
  path: string,
  source: SecretsSource | undefined,
  signal: AbortSignal,
): Promise<(signal: AbortSignal) => Promise<ExistingAccount>> {
  const session = toPortable(await store.read(path));
  const takeSecrets = await secretsTaker(source, session, signal);
  const connected = connectSession(store, path, session, world);
  return (checking) => checkAccount(world, session, connected, takeSecrets, checking);
}

async function checkAccount(
  world: SignInWorld,
  session: PortableSession,
  { homeserver, accessTokens }: ConnectedSession,
  takeSecrets: SecretsTaker,
  signal: AbortSignal,
): Promise<ExistingAccount> {
  await accessTokens.ensureFreshFor(FRESH_FOR_MS, signal);
  const { baseUrl } = homeserver;
  const { user_id: userId, device_id: deviceId } = session;
  const published = rememberPublished(homeserver);
  const [, { server }] = await sideBySide<[unknown, DeviceGrantMetadata, unknown]>(
    [
      (all) => checkOwner(session, homeserver, all),
      (all) => requireDeviceGrant(world, baseUrl, all),
      (all) => published.queryKeys(userId, all),
    ],
    signal,
  );
  const secrets = await takeSecrets(published, signal);
  await checkExistingDevice({ homeserver: published, userId, secrets }, signal);
  return {
    userId,
    deviceId,
    baseUrl,
    issuer: new URL(server.issuer),
    homeserver,
    secrets,
    async accessToken(tokenSignal) {
      await accessTokens.ensureFreshFor(FRESH_FOR_A_REQUEST_MS, tokenSignal);
      return accessTokens.current();
    },
  };
}

type SecretsTaker = (homeserver: AccountHomeserver, signal: AbortSignal) => Promise<SecretsBundle>;

/**
 * What is on this machine is read at once, and the rest where the homeserver can be asked.
 *
 * @throws {Failure} `secrets_missing`, `file_error`
 */
async function secretsTaker(
  source: SecretsSource | undefined,
  session: PortableSession,
  signal: AbortSignal,
): Promise<SecretsTaker> {
  const atHand = source?.from === "file" ? await readSecretsFile(source.path, signal) : session.secrets;
  if (source?.from === "secret_storage" && !(source.ifMissing && atHand)) {
    const { recoveryKey } = source;
    return (homeserver, taking) => openSecretStorageFrom(recoveryKey, homeserver, session.user_id, taking);
  }
  if (!atHand) throw new Failure("secrets_missing");
  return async () => atHand;
}

/**
 * Step 1 of MSC4108 for an existing device that scanned the code. The 2024 text wants a server name here, but
 * matrix-rust-sdk reads nothing but a URL, and Element Web reads both.
 */
export function announceHomeserver({ baseUrl }: ExistingAccount) {
  const protocols = [DEVICE_AUTHORIZATION_GRANT];
  const message = { type: "m.login.protocols", protocols, homeserver: baseUrl.href } as const;
  return (channel: SecureChannel<"existing">, signal: AbortSignal): Promise<void> =>
    channel.send(message, signal);
}

/**
 * What the 2024 version's QR code calls the homeserver: its server name. A name can't be looked up over plain
 * http, so there it is the URL, which deployed clients take too.
 */
export function homeserverName({ baseUrl, userId }: ExistingAccount): string {
  return baseUrl.protocol === "https:" ? serverNameOf(userId) : baseUrl.href;
}

/** Step 1 for one that generated it: the code has named the homeserver. */
export async function announceNothing(): Promise<void> {}

/**
 * Signs another device in over a secure channel, with an account on the network. What is done then is said by
 * events.
 *
 * @param announce step 1 of MSC4108: `announceHomeserver` where this device scanned, else `announceNothing`
 * @throws {Failure} whatever ended the sign-in
 * @throws the signal's own reason, after the same clean-up
 */
export async function signInOtherDevice(
  { urlPolicy, clock, emit }: SignInWorld,
  { userId, homeserver, issuer, secrets }: ExistingAccount,
  opener: LinkOpener,
  channel: SecureChannel<"existing">,
  announce: (channel: SecureChannel<"existing">, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const warned = new Set<string>();
  const checkLink = (link: string): URL => {
    const url = urlPolicy.check(link, homeserver.baseUrl);
    // The link with the user code is mostly to the same host as the one without.
    if (!warned.has(url.host)) warningsOfLink(url, [homeserver.baseUrl, issuer]).forEach(emit);
    warned.add(url.host);
    return url;
  };
  const { deviceId } = await helpNewDevice(
    {
      userId,
      homeserver,
      secrets,
      checkLink,
      opensBy: opener.by,
      openLink: (link, linkSignal) => openLink(opener, link, clock, linkSignal),
      emit,
      clock,
    },
    channel,
    announce,
    signal,
  );
  emit({ event: "done", role: "existing", user_id: userId, device_id: deviceId });
}
