import * as v from "valibot";
import type { JsonObject, JsonValue } from "../../protocol/canonical-json.js";
import { isSignedBy } from "../../protocol/signatures.js";
import { json, matrixError } from "../http/answers.js";
import { jsonBody } from "../http/bodies.js";
import type { Routes } from "../http/router.js";
import type { Authenticate } from "./authentication.js";
import type { CrossSigning } from "./cross-signing.js";
import type { Device, DeviceStore } from "./devices.js";
import { asJson, badParameter, badSignature, DeviceKeys, publicKeyOf } from "./signed-objects.js";

const PublicKeys = v.record(v.string(), v.union([v.string(), v.looseObject({ key: v.string() })]));
const Upload = v.object({
  device_keys: v.optional(DeviceKeys),
  one_time_keys: v.optional(PublicKeys),
  fallback_keys: v.optional(PublicKeys),
});
const Query = v.object({ device_keys: v.record(v.string(), v.array(v.string())) });

/** Matrix specification, Client-Server API §Key management: /keys/upload and /keys/query. */
export function deviceKeyRoutes(
  userId: string,
  devices: DeviceStore,
  crossSigning: CrossSigning,
  authenticate: Authenticate,
): Routes {
  return {
    "POST /_matrix/client/v3/keys/upload": (call) => {
      const { deviceId } = authenticate(call);
      const upload = jsonBody(Upload, call.body);
      const device = devices.get(deviceId);
      if (!device) throw matrixError(404, "M_NOT_FOUND", "The device is gone.");
      if (upload.device_keys) {
        checkDeviceKeys(userId, deviceId, upload.device_keys, crossSigning);
        device.deviceKeys = asJson(upload.device_keys);
      }
      store(device.oneTimeKeys, upload.one_time_keys);
      store(device.fallbackKeys, upload.fallback_keys);
      return json(200, { one_time_key_counts: countByAlgorithm(device) });
    },

    "POST /_matrix/client/v3/keys/query": (call) => {
      authenticate(call);
      const wanted = jsonBody(Query, call.body).device_keys[userId];
      if (!wanted) return json(200, { failures: {}, device_keys: {} });
      const found = devices
        .all()
        .filter(({ deviceId }) => wanted.length === 0 || wanted.includes(deviceId))
        .flatMap((device) => (device.deviceKeys ? [[device.deviceId, withName(device)] as const] : []));
      const { masterKey, selfSigningKey, userSigningKey } = crossSigning;
      return json(200, {
        failures: {},
        device_keys: { [userId]: Object.fromEntries(found) },
        ...(masterKey && { master_keys: { [userId]: masterKey } }),
        ...(selfSigningKey && { self_signing_keys: { [userId]: selfSigningKey } }),
        ...(userSigningKey && { user_signing_keys: { [userId]: userSigningKey } }),
      });
    },
  };
}

function checkDeviceKeys(
  userId: string,
  deviceId: string,
  deviceKeys: DeviceKeys,
  { selfSigningKey }: CrossSigning,
): void {
  if (deviceKeys.user_id !== userId) throw badParameter("user_id is not the user's own.");
  if (deviceKeys.device_id !== deviceId) throw badParameter("device_id is not the device's own.");
  const ed25519 = deviceKeys.keys[`ed25519:${deviceId}`];
  if (ed25519 === undefined || deviceKeys.keys[`curve25519:${deviceId}`] === undefined) {
    throw badParameter("keys lacks the device's ed25519 or curve25519 key.");
  }
  const signed = asJson(deviceKeys);
  if (!isSignedBy(signed, userId, deviceId, ed25519)) {
    throw badSignature("The device keys are not signed by the device's own key.");
  }
  if (!selfSigningKey) return;
  const selfSigning = publicKeyOf(selfSigningKey);
  const claimed = deviceKeys.signatures[userId]?.[`ed25519:${selfSigning}`] !== undefined;
  if (claimed && !isSignedBy(signed, userId, selfSigning, selfSigning)) {
    throw badSignature("The signature by the self-signing key is wrong.");
  }
}

/** A key ID never gets a second meaning. */
function store(keys: Map<string, JsonValue>, uploaded: v.InferOutput<typeof PublicKeys> = {}): void {
  for (const [id, key] of Object.entries(uploaded) as [string, JsonValue][]) {
    const known = keys.get(id);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(key)) {
      throw badParameter("There already is another key with that ID.");
    }
    keys.set(id, key);
  }
}

function countByAlgorithm({ oneTimeKeys }: Device): Record<string, number> {
  const counts: Record<string, number> = { signed_curve25519: 0 };
  for (const id of oneTimeKeys.keys()) {
    const [algorithm = ""] = id.split(":");
    counts[algorithm] = (counts[algorithm] ?? 0) + 1;
  }
  return counts;
}

function withName({ deviceKeys, displayName }: Device): JsonObject {
  return { ...deviceKeys, unsigned: { device_display_name: displayName } };
}
