import type { Clock } from "../foundation/clock.js";
import { Failure } from "../foundation/failures.js";
import { fingerprint } from "../foundation/fingerprint.js";
import { isJsonObject, parseJson } from "../foundation/json.js";
import { isSignable, type JsonObject } from "../protocol/canonical-json.js";
import { clientDeviceKeys, deviceSignature } from "../protocol/client-device-keys.js";
import type { DevicePublicKeys } from "../protocol/device-keys.js";
import type { AccountHomeserver } from "../protocol/homeserver.js";
import type { SecretsBundle } from "../protocol/secrets.js";
import { waitUntilVerified } from "../protocol/self-verification.js";
import { isSameIdentity, knownIdentity } from "../session/device-identity.js";
import { withSessionLock } from "../session/lock.js";
import type { PortableSession } from "../session/session-file.js";
import type { SessionStore } from "../session/store.js";
import type { EmitProxyEvent } from "./events.js";

/** An upload of device keys, with the account's signature in it. */
export interface SignedUpload {
  readonly body: Buffer;
  /** To be called with the status that the homeserver answered it with. What follows may take its time, and never fails. */
  answered(status: number): Promise<void>;
}

export interface DeviceSignerOptions {
  readonly store: SessionStore;
  readonly path: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly secrets: SecretsBundle;
  readonly homeserver: Pick<AccountHomeserver, "queryKeys">;
  readonly clock: Clock;
  readonly emit: EmitProxyEvent;
  readonly signal: AbortSignal;
}

/** Of which sessions the device keys are a client's own, to be signed as they pass. */
export function isSignedInFlight({ device_keys_state }: Pick<PortableSession, "device_keys_state">): boolean {
  return device_keys_state === "deferred" || device_keys_state === "signed";
}

/**
 * Signs a client's device keys with the account's self-signing key on their way to /keys/upload, so that the device is
 * verified from its first moment. It has one identity: what was signed once is signed each time it comes, and another
 * never, as long as the homeserver holds keys of the device.
 */
export class DeviceSigner {
  readonly #options: DeviceSignerOptions;

  constructor(options: DeviceSignerOptions) {
    this.#options = options;
  }

  /**
   * @param body of a request to /keys/upload
   * @param encoding the request's `Content-Encoding`
   * @returns undefined where nothing in it is to be signed: it goes on as it is
   * @throws {Failure} `session_locked`, `file_error`, and what else reading and writing the session throw
   */
  async sign(body: Buffer, encoding: string | undefined): Promise<SignedUpload | undefined> {
    const { userId, deviceId, secrets } = this.#options;
    const upload = encoding === undefined ? parseJson(body) : undefined;
    if (!isJsonObject(upload)) return undefined;
    const deviceKeys = upload["device_keys"];
    if (!isSignableObject(deviceKeys)) return undefined;
    const identity = this.#identityIn(deviceKeys);
    if (!identity || !(await this.#claim(identity))) return undefined;

    const ours = deviceSignature(userId, deviceKeys, secrets.cross_signing.self_signing_key);
    const signed = {
      ...deviceKeys,
      signatures: merged(deviceKeys["signatures"], ours["signatures"], userId),
    };
    return {
      // What was signed is what was understood, so that is sent.
      body: Buffer.from(JSON.stringify({ ...upload, device_keys: signed })),
      answered: (status) => {
        const isTaken = status >= 200 && status < 300;
        return (isTaken ? this.#confirm(identity) : this.#release(identity)).catch((error: unknown) =>
          this.#warn(deviceId, error),
        );
      },
    };
  }

  /** This device's own identity, if that is all there is, and it has signed it itself. */
  #identityIn(deviceKeys: JsonObject): DevicePublicKeys | undefined {
    const { userId, deviceId } = this.#options;
    const keys = deviceKeys["keys"];
    if (!isJsonObject(keys) || Object.keys(keys).length !== 2) return undefined;
    try {
      return clientDeviceKeys(userId, deviceId, { deviceKeys: { [deviceId]: deviceKeys } }).identity;
    } catch (error) {
      if (error instanceof Failure) return undefined;
      throw error;
    }
  }

  /** Makes this the device's identity, on disk, if it isn't yet; false where another is. */
  async #claim(identity: DevicePublicKeys): Promise<boolean> {
    const { emit, deviceId } = this.#options;
    const other = await this.#fix(identity, undefined);
    if (!other) return true;
    const isFree = await this.#hasNoKeys().catch(() => false);
    if (isFree && !(await this.#fix(identity, other))) return true;
    const message = `The program has made other encryption keys for ${deviceId} than those that were signed (${fingerprint(other.ed25519)}). They are not signed: it has lost its store, or something else uses this proxy. A new session signs them.`;
    emit({ event: "warning", code: "second_identity", message });
    return false;
  }

  /**
   * @param freed the identity that it may take the place of
   * @returns the identity that it can't, if there is one
   */
  #fix(
    identity: DevicePublicKeys,
    freed: DevicePublicKeys | undefined,
  ): Promise<DevicePublicKeys | undefined> {
    return this.#locked(async (session) => {
      const known = knownIdentity(session);
      if (known && isSameIdentity(known, identity)) return undefined;
      if (known && !(freed && isSameIdentity(known, freed))) return known;
      await this.#options.store.update(this.#options.path, {
        device_identity: identity,
        device_keys_state: "deferred",
      });
      return undefined;
    });
  }

  /** Believes /keys/query alone that the device is verified now. */
  async #confirm(identity: DevicePublicKeys): Promise<void> {
    const { store, path, userId, deviceId, homeserver, clock, emit, signal } = this.#options;
    const uploaded = { userId, deviceId, identity, uploadFailure: undefined };
    if (!(await waitUntilVerified(uploaded, homeserver, clock, signal))) {
      throw new Failure("signature_not_shown");
    }
    const isNew = await this.#locked(async (session) => {
      const known = knownIdentity(session);
      if (session.device_keys_state === "signed" || !known || !isSameIdentity(known, identity)) return false;
      await store.update(path, { device_keys_state: "signed" });
      return true;
    });
    if (isNew) emit({ event: "device_signed", device_id: deviceId, ed25519: identity.ed25519 });
  }

  /** An upload that was refused leaves no identity behind, if the homeserver has none. */
  async #release(identity: DevicePublicKeys): Promise<void> {
    if (!(await this.#hasNoKeys())) return;
    await this.#locked(async (session) => {
      const known = knownIdentity(session);
      if (!known || !isSameIdentity(known, identity)) return;
      await this.#options.store.update(this.#options.path, {
        device_identity: undefined,
        device_keys_state: "deferred",
      });
    });
  }

  async #hasNoKeys(): Promise<boolean> {
    const { homeserver, userId, deviceId, signal } = this.#options;
    return !Object.hasOwn((await homeserver.queryKeys(userId, signal)).deviceKeys, deviceId);
  }

  #locked<T>(work: (session: Awaited<ReturnType<SessionStore["read"]>>) => Promise<T>): Promise<T> {
    const { store, path, clock, signal } = this.#options;
    return withSessionLock(path, clock, signal, async () => work(await store.read(path)));
  }

  #warn(deviceId: string, error: unknown): void {
    const { emit, signal } = this.#options;
    if (signal.aborted) return;
    const message = `Whether ${deviceId} is verified now is not known: ${Failure.from(error).message}`;
    emit({ event: "warning", code: "signature_unconfirmed", message });
  }
}

function isSignableObject(value: unknown): value is JsonObject {
  return isJsonObject(value) && isSignable(value);
}

/** The signatures that were there, with ours among the user's. */
function merged(theirs: unknown, ours: unknown, userId: string): JsonObject {
  const ofUser = (signatures: unknown) =>
    isJsonObject(signatures) && isJsonObject(signatures[userId]) ? signatures[userId] : {};
  const all = isJsonObject(theirs) ? theirs : {};
  return { ...all, [userId]: { ...ofUser(theirs), ...ofUser(ours) } } as JsonObject;
}
