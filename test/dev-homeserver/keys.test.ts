import { describe, expect, it } from "vitest";
import type { DevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import { decodeBase64 } from "../../src/protocol/base64.js";
import type { JsonObject } from "../../src/protocol/canonical-json.js";
import {
  curve25519PublicKey,
  ed25519PublicKey,
  isSignedBy,
  signJson,
} from "../../src/protocol/signatures.js";
import { call, devHomeserver, signIn } from "../support/dev-homeserver.js";

const UPLOAD = "POST /_matrix/client/v3/keys/upload";
const CROSS_SIGNING_UPLOAD = "POST /_matrix/client/v3/keys/device_signing/upload";
const SIGNATURES_UPLOAD = "POST /_matrix/client/v3/keys/signatures/upload";

const DEVICE = "NEWDEVICE1";
const IDENTITY = new Uint8Array(32).fill(1);
const FOREIGN = new Uint8Array(32).fill(9);

function unsignedDeviceKeys(userId: string, deviceId = DEVICE): JsonObject {
  return {
    user_id: userId,
    device_id: deviceId,
    algorithms: ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
    keys: {
      [`ed25519:${deviceId}`]: ed25519PublicKey(IDENTITY),
      [`curve25519:${deviceId}`]: curve25519PublicKey(new Uint8Array(32).fill(2)),
    },
  };
}

function signed(object: JsonObject, signers: Readonly<Record<string, Uint8Array>>): JsonObject {
  const byUser = Object.fromEntries(
    Object.entries(signers).map(([id, seed]) => [`ed25519:${id}`, signJson(object, seed)]),
  );
  return { ...object, signatures: { [String(object["user_id"])]: byUser } };
}

function selfSigning(server: DevHomeserver) {
  const seed =
    decodeBase64(server.existingSession.secrets.cross_signing.self_signing_key) ?? new Uint8Array();
  return { seed, publicKey: ed25519PublicKey(seed) };
}

async function signedInServer() {
  const server = await devHomeserver();
  const { accessToken: token } = await signIn(server, DEVICE);
  return { server, baseUrl: server.baseUrl, token, userId: server.account.userId };
}

describe("the upload of device keys", () => {
  it("publishes keys that the device and the self-signing key signed", async () => {
    const { server, baseUrl, token, userId } = await signedInServer();
    const { seed, publicKey } = selfSigning(server);
    const device_keys = signed(unsignedDeviceKeys(userId), { [DEVICE]: IDENTITY, [publicKey]: seed });
    const reply = await call(baseUrl, UPLOAD, { token, json: { device_keys } });
    expect([reply.status, reply.body]).toEqual([200, { one_time_key_counts: { signed_curve25519: 0 } }]);

    const queried = await call(baseUrl, "POST /_matrix/client/v3/keys/query", {
      token,
      json: { device_keys: { [userId]: [DEVICE] } },
    });
    const published = (queried.body["device_keys"] as Record<string, JsonObject>)[userId];
    expect(published).toEqual({
      [DEVICE]: { ...device_keys, unsigned: { device_display_name: "Test client" } },
    });
  });

  it("refuses keys that the device did not sign", async () => {
    const { baseUrl, token, userId } = await signedInServer();
    const unsigned = unsignedDeviceKeys(userId);
    const changed = { ...signed(unsigned, { [DEVICE]: IDENTITY }), algorithms: [] };
    for (const device_keys of [signed(unsigned, { [DEVICE]: FOREIGN }), signed(unsigned, {}), changed]) {
      const reply = await call(baseUrl, UPLOAD, { token, json: { device_keys } });
      expect([reply.status, reply.body["errcode"]]).toEqual([400, "M_INVALID_SIGNATURE"]);
    }
  });

  it("refuses keys with a wrong signature by the self-signing key", async () => {
    const { server, baseUrl, token, userId } = await signedInServer();
    const signers = { [DEVICE]: IDENTITY, [selfSigning(server).publicKey]: FOREIGN };
    const json = { device_keys: signed(unsignedDeviceKeys(userId), signers) };
    const reply = await call(baseUrl, UPLOAD, { token, json });
    expect([reply.status, reply.body["errcode"]]).toEqual([400, "M_INVALID_SIGNATURE"]);
    expect(server.devices().find(({ deviceId }) => deviceId === DEVICE)).not.toHaveProperty("deviceKeys");
  });

  it("refuses keys for another device or user", async () => {
    const { baseUrl, token, userId } = await signedInServer();
    for (const unsigned of [
      unsignedDeviceKeys(userId, "OTHERDEVICE"),
      unsignedDeviceKeys("@eve:example.org"),
    ]) {
      const json = { device_keys: signed(unsigned, { [String(unsigned["device_id"])]: IDENTITY }) };
      const reply = await call(baseUrl, UPLOAD, { token, json });
      expect([reply.status, reply.body["errcode"]]).toEqual([400, "M_INVALID_PARAM"]);
    }
  });

  it.each([
    ["no keys", { keys: {} }, "M_INVALID_PARAM"],
    ["a key that is none", { keys: { [`ed25519:${DEVICE}`]: "AAAA" } }, "M_BAD_JSON"],
    ["a number that canonical JSON can't hold", { extra: 0.5 }, "M_BAD_JSON"],
  ])("refuses keys with %s", async (_, change, errcode) => {
    const { baseUrl, token, userId } = await signedInServer();
    const device_keys = { ...signed(unsignedDeviceKeys(userId), { [DEVICE]: IDENTITY }), ...change };
    const reply = await call(baseUrl, UPLOAD, { token, json: { device_keys } });
    expect([reply.status, reply.body["errcode"]]).toEqual([400, errcode]);
  });

  it("counts one-time keys, and gives no key ID a second meaning", async () => {
    const { baseUrl, token } = await signedInServer();
    const upload = (one_time_keys: object) => call(baseUrl, UPLOAD, { token, json: { one_time_keys } });
    await upload({ "signed_curve25519:A": { key: "a" } });
    const again = await upload({ "signed_curve25519:A": { key: "a" }, "signed_curve25519:B": { key: "b" } });
    expect(again.body).toEqual({ one_time_key_counts: { signed_curve25519: 2 } });
    expect((await upload({ "signed_curve25519:A": { key: "other" } })).status).toBe(400);
  });
});

describe("the upload of cross-signing keys", () => {
  const MASTER = new Uint8Array(32).fill(3);
  const masterPublic = ed25519PublicKey(MASTER);
  const keyOf = (userId: string, usage: string, seed: Uint8Array): JsonObject => ({
    user_id: userId,
    usage: [usage],
    keys: { [`ed25519:${ed25519PublicKey(seed)}`]: ed25519PublicKey(seed) },
  });
  const keysOf = (userId: string, signer = MASTER) => ({
    master_key: keyOf(userId, "master", MASTER),
    self_signing_key: signed(keyOf(userId, "self_signing", new Uint8Array(32).fill(4)), {
      [masterPublic]: signer,
    }),
    user_signing_key: signed(keyOf(userId, "user_signing", new Uint8Array(32).fill(5)), {
      [masterPublic]: signer,
    }),
  });

  it("takes the first keys without more ado, and the same again", async () => {
    const { server, baseUrl, token, userId } = await signedInServer();
    server.removeCrossSigning();
    const json = keysOf(userId);
    expect((await call(baseUrl, CROSS_SIGNING_UPLOAD, { token, json })).status).toBe(200);
    expect((await call(baseUrl, CROSS_SIGNING_UPLOAD, { token, json })).status).toBe(200);
  });

  it("wants a reset in the browser for other keys", async () => {
    const { baseUrl, token, userId } = await signedInServer();
    const reply = await call(baseUrl, CROSS_SIGNING_UPLOAD, { token, json: keysOf(userId) });
    expect(reply.status).toBe(401);
    expect(reply.body).toMatchObject({
      flows: [{ stages: ["m.oauth"] }, { stages: ["org.matrix.cross_signing_reset"] }],
      params: { "m.oauth": { url: `${baseUrl.href}account` } },
    });
    expect((await call(baseUrl, "GET /account")).text).toContain("no account page");
  });

  it("refuses keys that the master key did not sign", async () => {
    const { server, baseUrl, token, userId } = await signedInServer();
    server.removeCrossSigning();
    const reply = await call(baseUrl, CROSS_SIGNING_UPLOAD, { token, json: keysOf(userId, FOREIGN) });
    expect([reply.status, reply.body["errcode"]]).toEqual([400, "M_INVALID_SIGNATURE"]);
  });
});

describe("the upload of signatures", () => {
  it("adds the self-signing key's signature to a device", async () => {
    const { server, baseUrl, token, userId } = await signedInServer();
    const { seed, publicKey } = selfSigning(server);
    const unsigned = unsignedDeviceKeys(userId);
    const device_keys = signed(unsigned, { [DEVICE]: IDENTITY });
    await call(baseUrl, UPLOAD, { token, json: { device_keys } });

    const json = { [userId]: { [DEVICE]: signed(unsigned, { [publicKey]: seed }) } };
    expect((await call(baseUrl, SIGNATURES_UPLOAD, { token, json })).body).toEqual({ failures: {} });
    const stored = server.devices().find(({ deviceId }) => deviceId === DEVICE)?.deviceKeys ?? {};
    expect(isSignedBy(stored, userId, publicKey, publicKey)).toBe(true);
    expect(isSignedBy(stored, userId, DEVICE, ed25519PublicKey(IDENTITY))).toBe(true);
  });

  it("adds a device's signature to the master key", async () => {
    const { baseUrl, token, userId } = await signedInServer();
    const device_keys = signed(unsignedDeviceKeys(userId), { [DEVICE]: IDENTITY });
    await call(baseUrl, UPLOAD, { token, json: { device_keys } });
    const query = { token, json: { device_keys: { [userId]: [] } } };
    const masterKey = async () => {
      const { body } = await call(baseUrl, "POST /_matrix/client/v3/keys/query", query);
      return (body["master_keys"] as Record<string, JsonObject>)[userId] ?? {};
    };
    const unsigned = await masterKey();
    const [publicKey] = Object.values(unsigned["keys"] as Record<string, string>);
    const json = { [userId]: { [String(publicKey)]: signed(unsigned, { [DEVICE]: IDENTITY }) } };
    expect((await call(baseUrl, SIGNATURES_UPLOAD, { token, json })).body).toEqual({ failures: {} });
    expect(isSignedBy(await masterKey(), userId, DEVICE, ed25519PublicKey(IDENTITY))).toBe(true);
  });

  it("names what it doesn't take in failures", async () => {
    const { server, baseUrl, token, userId } = await signedInServer();
    const { seed, publicKey } = selfSigning(server);
    const unsigned = unsignedDeviceKeys(userId);
    await call(baseUrl, UPLOAD, { token, json: { device_keys: signed(unsigned, { [DEVICE]: IDENTITY }) } });
    const failureOf = async (user: string, target: string, object: unknown) => {
      const reply = await call(baseUrl, SIGNATURES_UPLOAD, { token, json: { [user]: { [target]: object } } });
      const failures = reply.body["failures"] as Record<string, Record<string, JsonObject>>;
      return [reply.status, failures[user]?.[target]?.["errcode"]];
    };
    const wrong = signed(unsigned, { [publicKey]: FOREIGN });
    const ofOtherKeys = signed({ ...unsigned, algorithms: [] }, { [publicKey]: seed });
    expect(await failureOf(userId, DEVICE, wrong)).toEqual([200, "M_INVALID_SIGNATURE"]);
    expect(await failureOf(userId, DEVICE, ofOtherKeys)).toEqual([200, "M_INVALID_SIGNATURE"]);
    expect(await failureOf(userId, DEVICE, "nonsense")).toEqual([200, "M_INVALID_SIGNATURE"]);
    expect(await failureOf(userId, "UNKNOWN", wrong)).toEqual([200, "M_NOT_FOUND"]);
    expect(await failureOf("@eve:example.org", DEVICE, wrong)).toEqual([200, "M_NOT_FOUND"]);
  });
});
