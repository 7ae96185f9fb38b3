import * as v from "valibot";
import { decodeBase64 } from "../../protocol/base64.js";
import { canonicalJson, type JsonObject } from "../../protocol/canonical-json.js";
import { matrixError, type Refusal } from "../http/answers.js";

const PublicKey = v.pipe(
  v.string(),
  v.check((text) => decodeBase64(text)?.length === 32, "is not unpadded base64 of 32 bytes"),
);

const Signatures = v.record(v.string(), v.record(v.string(), v.string()));

/** False, too, for what is nested too deep to be walked. */
function isCanonical(value: object): boolean {
  try {
    canonicalJson(asJson(value));
    return true;
  } catch {
    return false;
  }
}

const NOT_CANONICAL = "holds what canonical JSON can't";

/** JSON that can be signed. */
export const SignedObject = v.pipe(
  v.looseObject({ signatures: Signatures }),
  v.check((object) => isCanonical(object), NOT_CANONICAL),
);

/** Matrix specification, Client-Server API §Device keys. */
export const DeviceKeys = v.pipe(
  v.looseObject({
    user_id: v.string(),
    device_id: v.string(),
    algorithms: v.array(v.string()),
    keys: v.record(v.string(), PublicKey),
    signatures: Signatures,
  }),
  v.check((object) => isCanonical(object), NOT_CANONICAL),
);
export type DeviceKeys = v.InferOutput<typeof DeviceKeys>;

/** §Cross-signing: there is one key, and it is named by itself. */
export const CrossSigningKey = v.pipe(
  v.looseObject({
    user_id: v.string(),
    usage: v.array(v.string()),
    keys: v.pipe(
      v.record(v.string(), PublicKey),
      v.check((keys) => {
        const [entry, ...others] = Object.entries(keys);
        return entry !== undefined && others.length === 0 && entry[0] === `ed25519:${entry[1]}`;
      }, "is not one key that is named by itself"),
    ),
    signatures: v.optional(Signatures),
  }),
  v.check((object) => isCanonical(object), NOT_CANONICAL),
);
export type CrossSigningKey = v.InferOutput<typeof CrossSigningKey>;

/** The public key of a cross-signing key object. */
export function publicKeyOf(key: JsonObject): string {
  return String(Object.values(key["keys"] as JsonObject)[0]);
}

/** What was parsed from JSON, as the signing code takes it. */
export function asJson(value: object): JsonObject {
  return value as JsonObject;
}

export function badSignature(message: string): Refusal {
  return matrixError(400, "M_INVALID_SIGNATURE", message);
}

export function badParameter(message: string): Refusal {
  return matrixError(400, "M_INVALID_PARAM", message);
}
