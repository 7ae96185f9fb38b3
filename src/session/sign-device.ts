import { endOf } from "../foundation/caller-abort.js";
import type { Clock } from "../foundation/clock.js";
import { Failure } from "../foundation/failures.js";
import { fingerprint } from "../foundation/fingerprint.js";
import { clientDeviceKeys, deviceSignature } from "../protocol/client-device-keys.js";
import { checkCrossSigningSecrets, isDeviceVerified } from "../protocol/cross-signing.js";
import { type DevicePublicKeys, publicIdentityKeys } from "../protocol/device-keys.js";
import type { AccountHomeserver } from "../protocol/homeserver.js";
import { waitUntilVerified } from "../protocol/self-verification.js";
import { checkOwner } from "./check.js";
import { isSameIdentity, knownIdentity } from "./device-identity.js";
import { withSessionLock } from "./lock.js";
import { type PortableSession, type StoredSession, toPortable } from "./session-file.js";
import type { SessionChanges, SessionStore } from "./store.js";

/** How it is known that the keys that the homeserver shows are the client's. */
export type Recognize =
  /** The fingerprint was read off the client: the Ed25519 public key, unpadded base64. */
  | { readonly by: "fingerprint"; readonly ed25519: string }
  /** A person is shown it. */
  | { readonly by: "asking"; readonly ask: (identity: DevicePublicKeys) => Promise<boolean> };

/** A session in its file, with the homeserver that is asked with the tokens from there. */
export interface SessionToSign {
  readonly store: SessionStore;
  readonly path: string;
  readonly homeserver: Pick<AccountHomeserver, "whoami" | "queryKeys" | "uploadSignature">;
}

/**
 * Signs the device keys that a client has uploaded since it took the session over, with the account's self-signing
 * key: the device is verified then. What was signed once is the device's identity for good, and no other is signed
 * unless its fingerprint is given.
 *
 * @returns the public keys, once /keys/query shows them as signed
 * @throws {Failure} `secrets_missing`; `device_keys_missing`, `device_keys_invalid`, `device_keys_mismatch`;
 *   `user_cancelled`; `signature_not_shown`; what `checkOwner`, `checkCrossSigningSecrets`, the store and the
 *   homeserver throw
 * @throws the signal's reason
 */
export async function signDevice(
  { store, path, homeserver }: SessionToSign,
  recognize: Recognize,
  clock: Clock,
  signal: AbortSignal,
): Promise<DevicePublicKeys> {
  const session = toPortable(await store.read(path));
  const { user_id: userId, device_id: deviceId, secrets, device_keys: ownKeys } = session;
  if (!secrets) {
    throw new Failure("secrets_missing", "This session has no cross-signing keys, so it can sign no device.");
  }
  await checkOwner(session, homeserver, signal);
  const published = await homeserver.queryKeys(userId, signal);
  checkCrossSigningSecrets(userId, secrets.cross_signing, published);
  const { identity, deviceKeys } = clientDeviceKeys(userId, deviceId, published);
  const isSigned = isDeviceVerified(userId, deviceId, identity, published);
  await checkIdentity(identity, session, recognize, isSigned);

  const isOwn = ownKeys !== undefined && isSameIdentity(identity, publicIdentityKeys(ownKeys));
  const update = (changes: SessionChanges) =>
    withSessionLock(path, clock, signal, async () => {
      // Meanwhile another process may have been told of another identity.
      checkUnchanged(identity, session, await store.read(path));
      await store.update(path, isOwn ? { state: "complete" } : { ...changes, device_identity: identity });
    });
  if (!isOwn) await update({});
  if (!isSigned) {
    const signed = deviceSignature(userId, deviceKeys, secrets.cross_signing.self_signing_key);
    // An answer may name failures where there are none, and none where there are.
    const uploadFailure = await homeserver.uploadSignature(userId, deviceId, signed, signal).then(
      () => undefined,
      (thrown: unknown) => endOf(thrown, signal),
    );
    const uploaded = { userId, deviceId, identity, uploadFailure };
    const isShown = await waitUntilVerified(uploaded, homeserver, clock, signal);
    if (!isShown) throw new Failure("signature_not_shown");
  }
  await update({ state: "complete", device_keys_state: "signed", device_keys: undefined });
  return identity;
}

/**
 * A fingerprint that was given decides. Without one, the device's own identity is signed again as it is, the first of
 * a client's if a person says so, and no other.
 */
async function checkIdentity(
  identity: DevicePublicKeys,
  session: PortableSession,
  recognize: Recognize,
  isSigned: boolean,
): Promise<void> {
  if (recognize.by === "fingerprint") {
    if (identity.ed25519 === recognize.ed25519) return;
    const message = `The homeserver shows another fingerprint for this device than the given one: ${fingerprint(identity.ed25519)}.`;
    throw new Failure("device_keys_mismatch", message, {
      hint: "Compare it with what the client itself shows. If that differs too, don't trust the homeserver.",
    });
  }
  const known = knownIdentity(session);
  // A client that has the self-signing key may have signed its keys itself: the homeserver can't.
  if (known ? isSameIdentity(identity, known) : isSigned || (await recognize.ask(identity))) return;
  if (!known) throw new Failure("user_cancelled");
  throw otherIdentity(identity);
}

function checkUnchanged(identity: DevicePublicKeys, before: PortableSession, now: StoredSession): void {
  const [was, is] = [knownIdentity(before), knownIdentity(now)];
  if (is && !isSameIdentity(is, identity) && !(was && isSameIdentity(is, was))) throw otherIdentity(identity);
}

function otherIdentity(identity: DevicePublicKeys): Failure {
  const message = `The homeserver shows other keys for this device than those it is known by: ${fingerprint(identity.ed25519)}.`;
  return new Failure("device_keys_mismatch", message, {
    hint: "If its client was set up anew, give the fingerprint that the client itself shows. Otherwise trust neither.",
  });
}
