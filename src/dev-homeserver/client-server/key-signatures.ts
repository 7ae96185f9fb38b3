import * as v from "valibot";
import { canonicalJson, type JsonObject } from "../../protocol/canonical-json.js";
import { isSignedBy } from "../../protocol/signatures.js";
import { json } from "../http/answers.js";
import { jsonBody } from "../http/bodies.js";
import type { Routes } from "../http/router.js";
import type { Authenticate } from "./authentication.js";
import type { CrossSigning } from "./cross-signing.js";
import type { Device, DeviceStore } from "./devices.js";
import { asJson, publicKeyOf, SignedObject } from "./signed-objects.js";

const SignatureUpload = v.record(v.string(), v.record(v.string(), v.unknown()));

const UNKNOWN = { errcode: "M_NOT_FOUND", error: "There is no such key." };
const WRONG = {
  errcode: "M_INVALID_SIGNATURE",
  error: "The signature is wrong, or belongs to something else.",
};

interface Signer {
  /** What follows `ed25519:` in the signature's name. */
  readonly id: string;
  readonly publicKey: string;
}

/**
 * Upload of signatures by the self-signing key on devices and by devices on the master key (Matrix
 * specification, Client-Server API §Cross-signing). What isn't taken is named in `failures`, with status 200.
 */
export function keySignatureRoutes(
  userId: string,
  devices: DeviceStore,
  crossSigning: CrossSigning,
  authenticate: Authenticate,
): Routes {
  /** @returns why the object is not taken */
  const take = (targetId: string, uploaded: unknown): object | undefined => {
    const { masterKey, selfSigningKey } = crossSigning;
    if (masterKey && targetId === publicKeyOf(masterKey)) {
      const merged = merge(userId, masterKey, uploaded, devices.all().flatMap(deviceSigner));
      if (!merged) return WRONG;
      crossSigning.masterKey = merged;
      return undefined;
    }
    const device = devices.get(targetId);
    if (!device?.deviceKeys) return UNKNOWN;
    const signers = selfSigningKey ? [namedByItself(selfSigningKey)] : [];
    const merged = merge(userId, device.deviceKeys, uploaded, signers);
    if (!merged) return WRONG;
    device.deviceKeys = merged;
    return undefined;
  };

  return {
    "POST /_matrix/client/v3/keys/signatures/upload": (call) => {
      authenticate(call);
      const failures: Record<string, Record<string, object>> = {};
      for (const [user, objects] of Object.entries(jsonBody(SignatureUpload, call.body))) {
        for (const [targetId, uploaded] of Object.entries(objects)) {
          const failure = user === userId ? take(targetId, uploaded) : UNKNOWN;
          if (failure) failures[user] = { ...failures[user], [targetId]: failure };
        }
      }
      return json(200, { failures });
    },
  };
}

/** @returns the object with the good signatures among the uploaded ones added, undefined if there are none */
function merge(
  userId: string,
  target: JsonObject,
  uploaded: unknown,
  signers: readonly Signer[],
): JsonObject | undefined {
  if (!v.is(SignedObject, uploaded)) return undefined;
  const signed = asJson(uploaded);
  if (withoutSignatures(signed) !== withoutSignatures(target)) return undefined;
  const good = signers.filter(({ id, publicKey }) => isSignedBy(signed, userId, id, publicKey));
  if (good.length === 0) return undefined;
  const signatures = target["signatures"] as JsonObject | undefined;
  const byUser = signatures?.[userId] as JsonObject | undefined;
  const added = good.map(({ id }) => [`ed25519:${id}`, uploaded.signatures[userId]?.[`ed25519:${id}`]]);
  return { ...target, signatures: { ...signatures, [userId]: { ...byUser, ...Object.fromEntries(added) } } };
}

function deviceSigner({ deviceId, deviceKeys }: Device): Signer[] {
  const publicKey = (deviceKeys?.["keys"] as JsonObject | undefined)?.[`ed25519:${deviceId}`];
  return typeof publicKey === "string" ? [{ id: deviceId, publicKey }] : [];
}

function namedByItself(key: JsonObject): Signer {
  return { id: publicKeyOf(key), publicKey: publicKeyOf(key) };
}

function withoutSignatures(object: JsonObject): string {
  return canonicalJson({ ...object, signatures: undefined, unsigned: undefined });
}
