import { beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import { createAccountHomeserver } from "../../src/homeserver/account-homeserver.js";
import type { AccessTokens } from "../../src/homeserver/sign-in-tokens.js";
import { expectFailure } from "../support/failures.js";
import { FakeHttp } from "../support/fake-http.js";

const API = "https://hs.example/base/_matrix/client/v3";
const USER = "@alice:hs.example";
const signal = new AbortController().signal;

let http: FakeHttp;
let renewed: string[];
beforeEach(() => {
  http = new FakeHttp();
  renewed = [];
});

const accessTokens: AccessTokens = {
  current: async () => new Secret("token"),
  renew: async (rejected) => {
    renewed.push(rejected.reveal());
    return new Secret("newer");
  },
};

function account(tokens = accessTokens) {
  return createAccountHomeserver({ baseUrl: new URL("https://hs.example/base"), http, accessTokens: tokens });
}

describe("whoami", () => {
  it("gives the user and the device, asked with the access token", async () => {
    http.on(`GET ${API}/account/whoami`, { json: { user_id: USER, device_id: "DEVICE" } });
    expect(await account().whoami(signal)).toEqual({ userId: USER, deviceId: "DEVICE" });
    expect(http.requests[0]?.accessToken).toEqual(new Secret("token"));
  });

  it.each([{}, { user_id: "alice" }, { user_id: 1 }])("takes %j for no answer", async (json) => {
    http.on(`GET ${API}/account/whoami`, { json });
    await expectFailure("server_error", () => account().whoami(signal));
  });
});

describe("an access token that the homeserver doesn't know", () => {
  const unknown = { status: 401, json: { errcode: "M_UNKNOWN_TOKEN", soft_logout: false } };

  it("is renewed once, and the request repeated", async () => {
    http.on(`GET ${API}/account/whoami`, [unknown, { json: { user_id: USER } }]);
    await account().whoami(signal);
    expect(renewed).toEqual(["token"]);
    expect(http.requests.map(({ accessToken }) => accessToken?.reveal())).toEqual(["token", "newer"]);
  });

  it("is a dead session the second time", async () => {
    http.on(`GET ${API}/account/whoami`, unknown);
    await expectFailure("session_dead", () => account().whoami(signal));
    expect(renewed).toEqual(["token"]);
  });

  it("is a dead session where there is no renewal", async () => {
    http.on(`GET ${API}/account/whoami`, unknown);
    const dead: AccessTokens = { ...accessTokens, renew: () => Promise.reject(new Failure("session_dead")) };
    await expectFailure("session_dead", () => account(dead).whoami(signal));
  });

  it("is not seen in another 401", async () => {
    http.on(`GET ${API}/account/whoami`, { status: 401, json: { errcode: "M_MISSING_TOKEN" } });
    await expectFailure("server_error", () => account().whoami(signal));
    expect(renewed).toEqual([]);
  });
});

describe("a device", () => {
  it("exists with 200, and doesn't with 404", async () => {
    http.on(`GET ${API}/devices/DEVICE`, [{ json: {} }, { status: 404, json: { errcode: "M_NOT_FOUND" } }]);
    expect(await account().deviceExists("DEVICE", signal)).toBe(true);
    expect(await account().deviceExists("DEVICE", signal)).toBe(false);
  });

  it("is not said to be absent for another error", async () => {
    http.on(`GET ${API}/devices/DEVICE`, { status: 403, json: { errcode: "M_FORBIDDEN" } });
    const failure = await expectFailure("server_error", () => account().deviceExists("DEVICE", signal));
    expect(failure.message).toBe("hs.example answers /v3/devices/… with 403 (M_FORBIDDEN).");
  });

  it("is asked for with its ID percent-encoded", async () => {
    await account().deviceExists("a+b/c?d#e%\ud800", signal);
    expect(http.log).toEqual([`GET ${API}/devices/a%2Bb%2Fc%3Fd%23e%25%EF%BF%BD`]);
  });

  it.each(["", ".", ".."])("is never one whose ID names another endpoint: %j", async (deviceId) => {
    http.on(`GET ${API}/devices/`, { json: { devices: [] } }).on(`GET ${API}/`, {});
    expect(await account().deviceExists(deviceId, signal)).toBe(false);
  });
});

describe("the published keys", () => {
  const key = { user_id: USER, usage: ["master"], keys: { "ed25519:abc": "abc" } };
  const query = `POST ${API}/keys/query`;

  it("are those of the user, of all devices", async () => {
    const device = { device_id: "DEVICE", keys: {} };
    http.on(query, {
      json: {
        device_keys: { [USER]: { DEVICE: device }, "@other:hs.example": { X: device } },
        master_keys: { [USER]: key, "@other:hs.example": {} },
        self_signing_keys: { [USER]: key },
        user_signing_keys: { [USER]: key },
      },
    });
    expect(await account().queryKeys(USER, signal)).toEqual({
      masterKey: key,
      selfSigningKey: key,
      userSigningKey: key,
      deviceKeys: { DEVICE: device },
    });
    expect(JSON.parse(http.last(query).body ?? "")).toEqual({ device_keys: { [USER]: [] } });
  });

  it("may be none", async () => {
    http.on(query, { json: { failures: {} } });
    expect(await account().queryKeys(USER, signal)).toEqual({ deviceKeys: {} });
  });

  it("leave out devices whose keys could not be signed, without hiding the others", async () => {
    const deep = JSON.parse(`${'{"a":'.repeat(50)}1${"}".repeat(50)}`);
    http.on(query, {
      json: { device_keys: { [USER]: { A: { a: 1.5 }, B: [], C: "x", D: deep, E: { e: [1, null, true] } } } },
    });
    expect((await account().queryKeys(USER, signal)).deviceKeys).toEqual({ E: { e: [1, null, true] } });
  });

  it.each([
    { master_keys: { [USER]: "x" } },
    { self_signing_keys: { [USER]: { a: 0.1 } } },
    { device_keys: 1 },
  ])("are a server error where they can't be used: %j", async (json) => {
    http.on(query, { json });
    await expectFailure("server_error", () => account().queryKeys(USER, signal));
  });
});

describe("the upload of device keys", () => {
  it("sends them as they are", async () => {
    http.on(`POST ${API}/keys/upload`, { json: { one_time_key_counts: {} } });
    await account().uploadDeviceKeys({ user_id: USER }, signal);
    const request = http.last(`POST ${API}/keys/upload`);
    expect(JSON.parse(request.body ?? "")).toEqual({ device_keys: { user_id: USER } });
    expect(request.headers).toEqual({ "content-type": "application/json" });
  });

  it("says what the homeserver had against them", async () => {
    http.on(`POST ${API}/keys/upload`, { status: 400, json: { errcode: "M_INVALID_PARAM", error: "bad" } });
    const failure = await expectFailure("server_error", () => account().uploadDeviceKeys({}, signal));
    expect(failure.message).toContain("M_INVALID_PARAM: bad");
  });
});

describe("account data", () => {
  const DATA = `GET ${API}/user/%40alice%3Ahs.example/account_data/m.secret_storage.key.a%2Fb%2B`;
  const read = () => account().accountData(USER, "m.secret_storage.key.a/b+", signal);

  it("is what the homeserver has of that type, its ID percent-encoded", async () => {
    http.on(DATA, { json: { algorithm: "m.x", unknown: [1.5] } });
    expect(await read()).toEqual({ algorithm: "m.x", unknown: [1.5] });
  });

  it("may be none", async () => {
    http.on(DATA, { status: 404, json: { errcode: "M_NOT_FOUND" } });
    expect(await read()).toBeUndefined();
  });

  it.each([{ status: 403 }, { json: [] }, { json: "text" }])(
    "is not said to be none for %j",
    async (reply) => {
      http.on(DATA, reply);
      await expectFailure("server_error", read);
    },
  );
});

describe("the key backup", () => {
  const version = `GET ${API}/room_keys/version`;

  it("has a version, an algorithm and a public key", async () => {
    http.on(version, {
      json: { version: "3", algorithm: "m.megolm_backup.v1.x", auth_data: { public_key: "abc" }, count: 1 },
    });
    expect(await account().backupVersion(signal)).toEqual({
      version: "3",
      algorithm: "m.megolm_backup.v1.x",
      publicKey: "abc",
    });
  });

  it("may be none", async () => {
    http.on(version, { status: 404, json: { errcode: "M_NOT_FOUND" } });
    expect(await account().backupVersion(signal)).toBeUndefined();
  });

  it("is not said to be none for another error", async () => {
    http.on(version, { status: 403 });
    await expectFailure("server_error", () => account().backupVersion(signal));
  });
});

describe("what is odd in an answer, and costs nothing", () => {
  const ask = (name: string, json: unknown) => http.on(name, { json });

  it("is null for what isn't there", async () => {
    ask(`GET ${API}/account/whoami`, { user_id: USER, device_id: null });
    expect(await account().whoami(signal)).toEqual({ userId: USER });
    ask(`POST ${API}/keys/query`, { device_keys: null, master_keys: { [USER]: null } });
    expect(await account().queryKeys(USER, signal)).toEqual({ deviceKeys: {} });
    ask(`GET ${API}/room_keys/version`, { version: "1", algorithm: "a", auth_data: { public_key: null } });
    expect(await account().backupVersion(signal)).toEqual({ version: "1", algorithm: "a" });
  });

  it("is a backup's version as a number, and its key with padding", async () => {
    ask(`GET ${API}/room_keys/version`, { version: 7, algorithm: "a", auth_data: { public_key: "AAA=" } });
    expect(await account().backupVersion(signal)).toEqual({ version: "7", algorithm: "a", publicKey: "AAA" });
  });

  it("is a fraction where nothing is signed", async () => {
    const key = { user_id: USER, keys: {} };
    const odd = { ...key, unsigned: { age: 1.5, deep: JSON.parse("[".repeat(50) + "]".repeat(50)) } };
    ask(`POST ${API}/keys/query`, {
      device_keys: { [USER]: { A: odd, B: { ...key, age: 1.5 } } },
      master_keys: { [USER]: odd },
      one_time_key_counts: 0.5,
    });
    const published = await account().queryKeys(USER, signal);
    expect(published).toEqual({ masterKey: key, deviceKeys: { A: key } });
  });
});
