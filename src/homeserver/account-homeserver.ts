import * as v from "valibot";
import { isUserId } from "../foundation/identifiers.js";
import { isJsonObject } from "../foundation/json.js";
import { path } from "../network/base-url.js";
import { oddAnswer, unusable } from "../network/odd-answer.js";
import { answerObject } from "../protocol/answer-object.js";
import { unpadded } from "../protocol/base64.js";
import { isSignable, type JsonObject } from "../protocol/canonical-json.js";
import type { AccountHomeserver, BackupVersion, PublishedKeys } from "../protocol/homeserver.js";
import { MatrixApi, type MatrixApiOptions, type MatrixRequest } from "./matrix-api.js";

/** An account with many devices has an answer to /keys/query of this size. */
const MAX_KEYS_BYTES = 4 * 1024 * 1024;

const ShortText = v.pipe(v.string(), v.maxLength(255));

const WhoAmI = answerObject({
  user_id: v.pipe(v.string(), v.check(isUserId)),
  device_id: v.exactOptional(ShortText),
});

/** What of a published object is signed, or signs it: nothing else of it counts. */
const Published = v.pipe(
  v.custom<Record<string, unknown>>(isJsonObject),
  v.transform(({ unsigned: _unsigned, ...signed }) => signed),
  v.custom<JsonObject>(isSignable),
);
const ByUser = v.optional(v.record(v.string(), v.unknown()), {});

const KeysQuery = answerObject({
  device_keys: ByUser,
  master_keys: ByUser,
  self_signing_keys: ByUser,
  user_signing_keys: ByUser,
});

const RoomKeysVersion = answerObject({
  version: v.union([
    ShortText,
    v.pipe(
      v.number(),
      v.safeInteger(),
      v.transform((version) => `${version}`),
    ),
  ]),
  algorithm: ShortText,
  auth_data: answerObject({ public_key: v.exactOptional(v.pipe(ShortText, v.transform(unpadded))) }),
});

/** What a signed-in device asks of its homeserver (Matrix specification, Client-Server API). */
export function createAccountHomeserver(options: MatrixApiOptions): AccountHomeserver {
  const api = new MatrixApi(options);

  /** The body of a 200, validated. */
  async function ask<T extends v.GenericSchema>(
    schema: T,
    request: MatrixRequest,
    signal: AbortSignal,
  ): Promise<v.InferOutput<T>> {
    const response = await api.send(request, signal);
    if (response.status !== 200) throw oddAnswer(api.url(request.path), response);
    const parsed = v.safeParse(schema, response.json);
    if (!parsed.success) throw unusable(api.url(request.path));
    return parsed.output;
  }

  return {
    baseUrl: options.baseUrl,

    async whoami(signal) {
      const request = { method: "GET", path: "_matrix/client/v3/account/whoami" } as const;
      const { user_id, device_id } = await ask(WhoAmI, request, signal);
      return { userId: user_id, ...(device_id === undefined ? {} : { deviceId: device_id }) };
    },

    async deviceExists(deviceId, signal) {
      // These would name another endpoint than a device's, and no device has them.
      if (["", ".", ".."].includes(deviceId)) return false;
      const request = { method: "GET", path: path`_matrix/client/v3/devices/${deviceId}` } as const;
      const response = await api.send(request, signal);
      if (response.status === 200) return true;
      if (response.status === 404) return false;
      throw oddAnswer(api.url(request.path), response);
    },

    async queryKeys(userId, signal) {
      const request = {
        method: "POST",
        path: "_matrix/client/v3/keys/query",
        body: { device_keys: { [userId]: [] } },
        maxBytes: MAX_KEYS_BYTES,
      } as const;
      const keys = await ask(KeysQuery, request, signal);
      const published: PublishedKeys = {
        ...named("masterKey", keys.master_keys[userId]),
        ...named("selfSigningKey", keys.self_signing_keys[userId]),
        ...named("userSigningKey", keys.user_signing_keys[userId]),
        deviceKeys: signableMembers(keys.device_keys[userId]),
      };
      return published;
    },

    async uploadDeviceKeys(deviceKeys, signal) {
      const request = {
        method: "POST",
        path: "_matrix/client/v3/keys/upload",
        body: { device_keys: deviceKeys },
      } as const;
      await ask(v.unknown(), request, signal);
    },

    async uploadSignature(userId, deviceId, signed, signal) {
      const request = {
        method: "POST",
        path: "_matrix/client/v3/keys/signatures/upload",
        body: { [userId]: { [deviceId]: signed } },
      } as const;
      await ask(v.unknown(), request, signal);
    },

    async accountData(userId, type, signal) {
      const request = {
        method: "GET",
        path: path`_matrix/client/v3/user/${userId}/account_data/${type}`,
      } as const;
      const response = await api.send(request, signal);
      if (response.status === 404) return undefined;
      if (response.status !== 200) throw oddAnswer(api.url(request.path), response);
      if (!isJsonObject(response.json)) throw unusable(api.url(request.path));
      return response.json;
    },

    async backupVersion(signal) {
      const request = { method: "GET", path: "_matrix/client/v3/room_keys/version" } as const;
      const response = await api.send(request, signal);
      if (response.status === 404) return undefined;
      if (response.status !== 200) throw oddAnswer(api.url(request.path), response);
      const parsed = v.safeParse(RoomKeysVersion, response.json);
      if (!parsed.success) throw unusable(api.url(request.path));
      const { version, algorithm, auth_data } = parsed.output;
      const { public_key: publicKey } = auth_data;
      const backup: BackupVersion = { version, algorithm, ...(publicKey === undefined ? {} : { publicKey }) };
      return backup;
    },
  };

  function named<Name extends string>(name: Name, key: unknown): { [K in Name]?: JsonObject } {
    if (key === undefined || key === null) return {};
    const published = v.safeParse(Published, key);
    if (!published.success) throw unusable(api.url("_matrix/client/v3/keys/query"));
    return { [name]: published.output } as { [K in Name]?: JsonObject };
  }
}

/** A device whose keys are no such JSON is as good as one without keys; it must not hide the others. */
function signableMembers(devices: unknown): Record<string, JsonObject> {
  if (!isJsonObject(devices)) return {};
  return Object.fromEntries(
    Object.entries(devices).flatMap(([deviceId, keys]) => {
      const published = v.safeParse(Published, keys);
      return published.success ? [[deviceId, published.output]] : [];
    }),
  );
}
