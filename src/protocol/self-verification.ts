import { endOf } from "../foundation/caller-abort.js";
import type { Clock } from "../foundation/clock.js";
import type { Emit } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import { checkCrossSigningSecrets, isDeviceVerified, publicCrossSigningKeys } from "./cross-signing.js";
import { type DevicePrivateKeys, publicIdentityKeys, signedDeviceKeys } from "./device-keys.js";
import type { AccountHomeserver } from "./homeserver.js";
import { backupMismatch } from "./key-backup.js";
import type { SecretsBundle } from "./secrets.js";
import type { SignInAttempt } from "./sign-in-attempt.js";

/** How a device that has the account's secrets verifies itself (MSC4108 §Secret sharing and device verification). */

/** How long the homeserver may take to show the uploaded keys. */
const VERIFIED_MS = 10_000;
const VERIFIED_PAUSE_MS = 500;

/** The device that verifies itself. */
export interface VerifyingDevice {
  readonly deviceId: string;
  readonly identityKeys: DevicePrivateKeys;
  /** The public master cross-signing key that the account must have, unpadded base64. */
  readonly expectedMasterKey?: string | undefined;
  readonly emit: Emit;
  readonly clock: Clock;
}

/**
 * Holds the received secrets to what the account publishes, and to the master key that is expected.
 *
 * @throws {Failure} `secrets_mismatch`, `unexpected_master_key`, and what the homeserver throws
 */
export async function checkSecrets(
  { expectedMasterKey }: Pick<VerifyingDevice, "expectedMasterKey">,
  account: AccountHomeserver,
  userId: string,
  secrets: SecretsBundle,
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

/**
 * One upload of keys and signature, after which this device is verified as soon as the homeserver shows it.
 *
 * @throws {Failure} `session_unconfirmed`, `device_keys_mismatch`, and what the homeserver throws
 */
export async function uploadDeviceKeys(
  { deviceId, identityKeys, emit, clock }: VerifyingDevice,
  account: AccountHomeserver,
  userId: string,
  { cross_signing: { self_signing_key } }: SecretsBundle,
  attempt: SignInAttempt,
  signal: AbortSignal,
): Promise<void> {
  const deviceKeys = signedDeviceKeys(userId, deviceId, identityKeys, self_signing_key);
  await attempt.passPointOfNoReturn(signal);
  // Whatever the answer, or none: what counts is what the homeserver shows.
  const uploadFailure = await account
    .uploadDeviceKeys(deviceKeys, signal)
    .catch((thrown: unknown) => endOf(thrown, signal));
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
export async function checkBackup(
  { emit }: Pick<VerifyingDevice, "emit">,
  account: AccountHomeserver,
  { backup }: SecretsBundle,
  signal: AbortSignal,
): Promise<void> {
  if (!backup) return;
  const mismatch = await account.backupVersion(signal).then(
    (current) => backupMismatch(backup, current),
    () => "could not be held to the account's key backup, as the homeserver could not be asked",
  );
  if (mismatch === undefined) return;
  const message = `The backup key that was received ${mismatch}.`;
  emit({ event: "warning", code: "backup_mismatch", message });
}
