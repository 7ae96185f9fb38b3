import type { Clock } from "../foundation/clock.js";
import type { Emit } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import { decodeBase64 } from "./base64.js";
import { checkCrossSigningSecrets, isDeviceVerified, publicCrossSigningKeys } from "./cross-signing.js";
import { type DeviceIdentityKeys, publicIdentityKeys, signedDeviceKeys } from "./device-keys.js";
import type { AccountHomeserver, DeviceAuthorization, SignInHomeserver } from "./homeserver.js";
import { DEVICE_AUTHORIZATION_GRANT, type LoginSecrets } from "./messages.js";
import { backupVersion } from "./secrets.js";
import type { SecureChannel } from "./secure-channel.js";
import { type SessionFile, SignInAttempt } from "./sign-in-attempt.js";
import { curve25519PublicKey } from "./signatures.js";
import { whileWatching } from "./while-watching.js";

/** How long a token request that is under way may go on once it is no longer wanted: its answer matters. */
const LINGER_MS = 1000;
/** RFC 8628 §3.5: what `slow_down` adds to the interval. */
const SLOW_DOWN_MS = 5000;
/** How long the homeserver may take to show the uploaded keys. */
const VERIFIED_MS = 10_000;
const VERIFIED_PAUSE_MS = 500;

/** The device that wants to be signed in, and all that it needs from outside. */
export interface NewDevice {
  readonly deviceId: string;
  readonly identityKeys: DeviceIdentityKeys;
  readonly connect: (baseUrl: URL) => SignInHomeserver;
  readonly sessionFile: SessionFile;
  /** The user ID that this device must end up as. */
  readonly expectedUser?: string | undefined;
  /** The public master cross-signing key that the account must have, unpadded base64. */
  readonly expectedMasterKey?: string | undefined;
  /** Keep the session when the secrets never come. */
  readonly keepUnverified: boolean;
  readonly emit: Emit;
  readonly clock: Clock;
}

/**
 * Signs this device in with the help of another one, over a channel that is secure (MSC4108 §Login via OAuth
 * 2.0 device authorization flow and §Secret sharing and device verification).
 *
 * @param learnHomeserver step 1: the base URL of the QR code, or what `m.login.protocols` says
 * @returns once /keys/query shows this device as verified
 * @throws {Failure} whatever ended the sign-in, with what became of its tokens; the other device was told, or
 *   the rendezvous session deleted
 */
export async function signInAsNewDevice(
  device: NewDevice,
  channel: SecureChannel,
  learnHomeserver: (channel: SecureChannel, signal: AbortSignal) => Promise<URL>,
  signal: AbortSignal,
): Promise<{ readonly userId: string; readonly deviceId: string }> {
  const attempt = new SignInAttempt(device);
  try {
    // 1. Homeserver discovery
    const homeserver = device.connect(await learnHomeserver(channel, signal));

    // 2. The new device checks if it can use an available protocol
    const authorization = await startAuthorization(device, homeserver, signal);

    // 3. It informs the existing device that it wants to use the device authorization grant
    await channel.send(loginProtocol(device, authorization), signal);

    // 4. The existing device accepts, and opens the verification URI
    await channel.receive(["m.login.protocol_accepted"], "machine", signal);

    // 5. and 6. The person consents, the new device waits for approval
    await waitForConsent(device, channel, homeserver, authorization, attempt, signal);
    const account = homeserver.signedIn(attempt.tokens, (tokens) => attempt.keep({ tokens }));
    const userId = await learnUser(device, account, attempt, signal);
    await channel.send({ type: "m.login.success" }, signal);

    // Secret sharing 1. and 2. The existing device sees this one online, and sends the secrets
    const secrets = await channel.receive(["m.login.secrets"], "machine", signal);
    attempt.noteSecrets();
    device.emit({ event: "secrets_received", cross_signing: true, ...backupVersion(secrets) });

    // Secret sharing 3. The new device signs itself and uploads its keys
    await checkSecrets(device, account, userId, secrets, signal);
    await attempt.keep({ secrets: { cross_signing: secrets.cross_signing, backup: secrets.backup } });
    await uploadDeviceKeys(device, account, userId, secrets, attempt, signal);
    await attempt.keep({ state: "complete" });
    await checkBackup(device, account, secrets, signal);
    return { userId, deviceId: device.deviceId };
  } catch (thrown) {
    const failure = Failure.from(thrown);
    const [ended, reason] = await Promise.all([attempt.undo(failure), channel.abandon(failure)]);
    throw reason === undefined ? ended : ended.with({ reason });
  }
}

async function startAuthorization(
  { deviceId, emit }: NewDevice,
  homeserver: SignInHomeserver,
  signal: AbortSignal,
): Promise<DeviceAuthorization> {
  const issuer = await homeserver.checkCapabilities(signal);
  emit({ event: "homeserver", base_url: homeserver.baseUrl.href, issuer });
  const authorization = await homeserver.startDeviceAuthorization(deviceId, signal);
  emit({ event: "verification", ...verificationUris(authorization), user_code: authorization.userCode });
  return authorization;
}

function verificationUris({ verificationUri, verificationUriComplete }: DeviceAuthorization) {
  return {
    verification_uri: verificationUri,
    ...(verificationUriComplete === undefined ? {} : { verification_uri_complete: verificationUriComplete }),
  };
}

function loginProtocol({ deviceId }: NewDevice, authorization: DeviceAuthorization) {
  return {
    type: "m.login.protocol",
    protocol: DEVICE_AUTHORIZATION_GRANT,
    device_authorization_grant: verificationUris(authorization),
    device_id: deviceId,
  } as const;
}

/**
 * Polls the token endpoint until the person has decided (RFC 8628 §3.4 and §3.5), while the rendezvous
 * session is looked after: a device that lost its helper must not be signed in.
 */
async function waitForConsent(
  { emit, clock }: NewDevice,
  channel: SecureChannel,
  homeserver: SignInHomeserver,
  authorization: DeviceAuthorization,
  attempt: SignInAttempt,
  signal: AbortSignal,
): Promise<void> {
  const { expiresAt, userCode } = authorization;
  let { intervalMs } = authorization;
  // The wait ends with the rendezvous session too, and that is mostly the first to go.
  const expires_in_ms = Math.max(0, Math.round(Math.min(expiresAt, channel.expiresAt) - clock.now()));
  emit({ event: "waiting_for_consent", user_code: userCode, expires_in_ms, interval_ms: intervalMs });

  const poll = async (watched: AbortSignal): Promise<"granted" | "declined" | "expired"> => {
    const requests = abortedLater(watched, LINGER_MS, clock);
    while (clock.now() < expiresAt) {
      const answer = await attempt.ask(() => homeserver.pollForTokens(requests));
      if (answer.status === "granted") {
        await attempt.begin(homeserver, answer.tokens);
        return "granted";
      }
      if (answer.status === "declined" || answer.status === "expired") return answer.status;
      if (answer.status === "slow_down") intervalMs += SLOW_DOWN_MS;
      await clock.sleep(Math.min(intervalMs, expiresAt - clock.now()), watched);
    }
    return "expired";
  };
  const outcome = await whileWatching((watched) => channel.watch(watched), poll, signal);
  if (outcome === "expired") throw new Failure("authorization_expired");
  if (outcome === "declined") {
    await channel.sendFinal({ type: "m.login.declined" }, signal).catch(() => undefined);
    throw new Failure("consent_declined");
  }
}

/** A signal that follows another one after a while. */
function abortedLater(signal: AbortSignal, ms: number, clock: Clock): AbortSignal {
  const later = new AbortController();
  const follow = () => void clock.sleep(ms).then(() => later.abort(signal.reason));
  signal.addEventListener("abort", follow, { once: true });
  return later.signal;
}

/** MSC4108 §Shoulder-surfing to sign in to attacker account: who this device is now, before anyone is told. */
async function learnUser(
  { deviceId, expectedUser, emit }: NewDevice,
  account: AccountHomeserver,
  attempt: SignInAttempt,
  signal: AbortSignal,
): Promise<string> {
  const whoami = await account.whoami(signal);
  if (expectedUser !== undefined && whoami.userId !== expectedUser) throw new Failure("unexpected_user");
  if (whoami.deviceId !== undefined && whoami.deviceId !== deviceId) {
    throw new Failure("server_error", "The homeserver signed this device in under a different device ID.");
  }
  await attempt.keep({ userId: whoami.userId });
  const { userId } = whoami;
  emit({ event: "signed_in", user_id: userId, device_id: deviceId, base_url: account.baseUrl.href });
  return userId;
}

async function checkSecrets(
  { expectedMasterKey }: NewDevice,
  account: AccountHomeserver,
  userId: string,
  secrets: LoginSecrets,
  signal: AbortSignal,
): Promise<void> {
  const published = await account.queryKeys(userId, signal);
  if (!published.masterKey) throw new Failure("secrets_mismatch");
  checkCrossSigningSecrets(userId, secrets.cross_signing, published);
  const { master } = publicCrossSigningKeys(secrets.cross_signing);
  if (expectedMasterKey !== undefined && master !== expectedMasterKey) {
    throw new Failure("unexpected_master_key");
  }
}

/** One upload of keys and signature, after which this device is verified as soon as the homeserver shows it. */
async function uploadDeviceKeys(
  { deviceId, identityKeys, emit, clock }: NewDevice,
  account: AccountHomeserver,
  userId: string,
  { cross_signing: { self_signing_key } }: LoginSecrets,
  attempt: SignInAttempt,
  signal: AbortSignal,
): Promise<void> {
  const deviceKeys = signedDeviceKeys(userId, deviceId, identityKeys, self_signing_key);
  await attempt.passPointOfNoReturn(signal);
  // Whatever the answer, or none: what counts is what the homeserver shows.
  const uploadFailure = await account.uploadDeviceKeys(deviceKeys, signal).catch(Failure.from);
  const identity = publicIdentityKeys(identityKeys);
  const deadline = clock.now() + VERIFIED_MS;
  while (!isDeviceVerified(userId, deviceId, identity, await account.queryKeys(userId, signal))) {
    if (uploadFailure) throw uploadFailure;
    if (clock.now() >= deadline) throw new Failure("session_unconfirmed");
    await clock.sleep(VERIFIED_PAUSE_MS, signal);
  }
  emit({ event: "verified", device_id: deviceId });
}

/** MSC4108: "New device connects to room-key backup". A backup that doesn't fit spoils no sign-in. */
async function checkBackup(
  { emit }: NewDevice,
  account: AccountHomeserver,
  { backup }: LoginSecrets,
  signal: AbortSignal,
): Promise<void> {
  if (!backup) return;
  const current = await account.backupVersion(signal).catch(() => undefined);
  const key = decodeBase64(backup.key);
  const fits =
    current?.version === backup.backup_version &&
    current.algorithm === backup.algorithm &&
    (current.publicKey === undefined || (key && current.publicKey === curve25519PublicKey(key)));
  if (fits) return;
  const message = current
    ? "The backup key that was received doesn't fit the account's current key backup."
    : "The backup key was received, but the account's key backup could not be checked.";
  emit({ event: "warning", code: "backup_mismatch", message });
}
