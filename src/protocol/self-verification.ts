import { endOf } from "../foundation/caller-abort.js";
import type { Clock } from "../foundation/clock.js";
import { Failure } from "../foundation/failures.js";
import { checkCrossSigningSecrets, isDeviceVerified, publicCrossSigningKeys } from "./cross-signing.js";
import {
  type DevicePrivateKeys,
  type DevicePublicKeys,
  publicIdentityKeys,
  signedDeviceKeys,
} from "./device-keys.js";
import type { AccountHomeserver } from "./homeserver.js";
import { backupMismatch } from "./key-backup.js";
import type { SecretsBundle } from "./secrets.js";
import type { SignInAttempt } from "./sign-in-attempt.js";
import type { SignedInDevice, SigningInDevice } from "./signing-in.js";
import { waitUntilShown } from "./wait-until-shown.js";

/** How a device that has the account's secrets verifies itself (MSC4108 §Secret sharing and device verification). */

const NOT_ASKED = "could not be held to the account's key backup, as the homeserver could not be asked";

type DeviceWithKeys = Pick<SigningInDevice, "deviceId" | "emit" | "clock"> & {
  readonly identityKeys: DevicePrivateKeys;
};

/**
 * What a device does with the account's secrets once it has them: it checks them, and verifies itself with them, or
 * keeps them for the client that will take the session over and make device keys of its own.
 *
 * @param published where the secrets are held to what the account publishes
 * @throws {Failure} `secrets_mismatch`, `unexpected_master_key`, `session_unconfirmed`, `device_keys_mismatch`, and
 *   what the homeserver and the attempt throw
 */
export async function verifyWithSecrets(
  device: Pick<SigningInDevice, "deviceId" | "identityKeys" | "expectedMasterKey" | "emit" | "clock">,
  account: AccountHomeserver,
  userId: string,
  secrets: SecretsBundle,
  attempt: SignInAttempt,
  signal: AbortSignal,
  published: Pick<AccountHomeserver, "queryKeys" | "backupVersion"> = account,
): Promise<SignedInDevice["deviceKeys"]> {
  const { identityKeys } = device;
  await checkSecrets(device, published, userId, secrets, signal);
  if (identityKeys) {
    await attempt.keep({ secrets });
    await uploadDeviceKeys({ ...device, identityKeys }, account, userId, secrets, attempt, signal);
    await attempt.keep({ state: "complete" });
  } else {
    await attempt.completeWith(secrets, signal);
  }
  await checkBackup(device, published, secrets, signal);
  return identityKeys ? "uploaded" : "deferred";
}

/**
 * Holds the received secrets to what the account publishes, and to the master key that is expected.
 *
 * @throws {Failure} `secrets_mismatch`, `unexpected_master_key`, and what the homeserver throws
 */
async function checkSecrets(
  { expectedMasterKey }: Pick<SigningInDevice, "expectedMasterKey">,
  account: Pick<AccountHomeserver, "queryKeys">,
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
async function uploadDeviceKeys(
  { deviceId, identityKeys, emit, clock }: DeviceWithKeys,
  account: AccountHomeserver,
  userId: string,
  { cross_signing: { self_signing_key } }: SecretsBundle,
  attempt: SignInAttempt,
  signal: AbortSignal,
): Promise<void> {
  const deviceKeys = signedDeviceKeys(userId, deviceId, identityKeys, self_signing_key);
  await attempt.passPointOfNoReturn(signal);
  // Whatever the answer, or none: what counts is what the homeserver shows.
  const uploadFailure = await account.uploadDeviceKeys(deviceKeys, signal).then(
    () => undefined,
    (thrown: unknown) => endOf(thrown, signal),
  );
  const identity = publicIdentityKeys(identityKeys);
  const uploaded = { userId, deviceId, identity, uploadFailure };
  const isShown = await waitUntilVerified(uploaded, account, clock, signal);
  if (!isShown) throw new Failure("session_unconfirmed");
  emit({ event: "verified", device_id: deviceId });
}

/** Keys or a signature that were sent to the homeserver. */
interface Uploaded {
  readonly userId: string;
  readonly deviceId: string;
  /** The public halves of the device's own keys. */
  readonly identity: DevicePublicKeys;
  /** What came of the upload instead of an answer. */
  readonly uploadFailure: Failure | undefined;
}

/**
 * Asks /keys/query until it shows the device as verified: no other answer is believed.
 *
 * @returns whether it does, within 10 s
 * @throws {Failure} the upload's, where it failed and the homeserver doesn't show it; `device_keys_mismatch`; what the
 *   homeserver throws
 * @throws the signal's reason
 */
export async function waitUntilVerified(
  { userId, deviceId, identity, uploadFailure }: Uploaded,
  account: Pick<AccountHomeserver, "queryKeys">,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  const isShown = async () => {
    const isVerified = isDeviceVerified(userId, deviceId, identity, await account.queryKeys(userId, signal));
    if (!isVerified && uploadFailure) throw uploadFailure;
    return isVerified;
  };
  return waitUntilShown(isShown, clock, signal);
}

/** MSC4108: "New device connects to room-key backup". A backup that doesn't fit spoils no sign-in. */
async function checkBackup(
  { emit }: Pick<SigningInDevice, "emit">,
  account: Pick<AccountHomeserver, "backupVersion">,
  { backup }: SecretsBundle,
  signal: AbortSignal,
): Promise<void> {
  if (!backup) return;
  const mismatch = await account.backupVersion(signal).then(
    (current) => backupMismatch(backup, current),
    // An end that was asked for says nothing about the backup, and takes nothing back.
    () => (signal.aborted ? undefined : NOT_ASKED),
  );
  if (mismatch === undefined) return;
  const message = `The backup key that was received ${mismatch}.`;
  emit({ event: "warning", code: "backup_mismatch", message });
}
