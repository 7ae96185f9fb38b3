import { beforeEach, describe, expect, it, vi } from "vitest";
import type { DevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import type { JsonObject } from "../../src/protocol/canonical-json.js";
import { ed25519PublicKey, isSignedBy } from "../../src/protocol/signatures.js";
import { type ClientKeys, clientKeys } from "../support/client-keys.js";
import { call, devHomeserver, signIn } from "../support/dev-homeserver.js";
import type { FakeClock } from "../support/fake-clock.js";
import { type ProxyUnderTest, startProxy } from "../support/session-proxy.js";

const UPLOAD = "POST /_matrix/client/v3/keys/upload";
const DEVICE = "NEWDEVICE1";

let server: DevHomeserver & { readonly clock: FakeClock };
let refusesUploads: boolean;
let proxy: ProxyUnderTest;
let own: ClientKeys;

/** A device that signed in with its device keys deferred, and the proxy of its session. */
beforeEach(async () => {
  refusesUploads = false;
  server = await devHomeserver({
    intercept: ({ path }) =>
      refusesUploads && path.endsWith("/keys/upload")
        ? { when: "before", answer: { status: 400, body: '{"errcode":"M_INVALID_PARAM"}' } }
        : undefined,
  });
  const { accessToken, refreshToken, clientId } = await signIn(server, DEVICE);
  const { base_url, user_id, secrets } = server.existingSession;
  const session = {
    ...{ base_url, user_id, device_id: DEVICE, access_token: accessToken, refresh_token: refreshToken },
    ...{ oauth: { issuer: base_url, client_id: clientId }, secrets },
    device_keys_state: "deferred",
  };
  proxy = await startProxy(session, { clock: server.clock });
  own = clientKeys(user_id, DEVICE);
});

/** The signature that was not there when the client uploaded its keys. */
function isVerified({ ed25519 }: ClientKeys): boolean {
  const { deviceKeys } = published() ?? {};
  const { user_id, secrets } = server.existingSession;
  const selfSigning = ed25519PublicKey(Buffer.from(secrets.cross_signing.self_signing_key, "base64"));
  const keys = deviceKeys?.["keys"] as Record<string, string> | undefined;
  return (
    deviceKeys !== undefined &&
    keys?.[`ed25519:${DEVICE}`] === ed25519 &&
    isSignedBy(deviceKeys, user_id, DEVICE, ed25519) &&
    isSignedBy(deviceKeys, user_id, selfSigning, selfSigning)
  );
}

function published(): { readonly deviceKeys?: JsonObject } | undefined {
  return server.devices().find(({ deviceId }) => deviceId === DEVICE);
}

function upload(keys: ClientKeys | JsonObject, headers: Record<string, string> = {}) {
  const deviceKeys = "deviceKeys" in keys ? keys.deviceKeys : keys;
  return proxy.ask(UPLOAD, { json: { device_keys: deviceKeys, one_time_keys: {} }, headers });
}

const signedEvents = () => proxy.events.filter(({ event }) => event === "device_signed");
const warnings = () => proxy.events.flatMap((event) => (event.event === "warning" ? [event.code] : []));
const stored = async () => proxy.store.read(proxy.path);

describe("the program's own device keys", () => {
  it("are signed before the homeserver sees them, and the program gets the homeserver's answer", async () => {
    const reply = await upload(own);
    expect([reply.status, reply.body]).toEqual([200, { one_time_key_counts: { signed_curve25519: 0 } }]);
    expect(isVerified(own)).toBe(true);
    await vi.waitFor(() => expect(signedEvents()).toHaveLength(1));
    const { ed25519, curve25519 } = own;
    expect(signedEvents()).toEqual([{ event: "device_signed", device_id: DEVICE, ed25519 }]);
    expect(await stored()).toMatchObject({
      device_keys_state: "signed",
      device_identity: { ed25519, curve25519 },
    });
  });

  it("are signed each time they come, and told of once", async () => {
    await upload(own);
    await vi.waitFor(() => expect(signedEvents()).toHaveLength(1));
    for (let times = 0; times < 2; times++) expect((await upload(own)).status).toBe(200);
    expect(isVerified(own)).toBe(true);
    await proxy.stop();
    proxy = await startProxy({}, { clock: server.clock, path: proxy.path });
    expect((await upload(own)).status).toBe(200);
    expect(isVerified(own)).toBe(true);
    expect(proxy.events.filter(({ event }) => event === "device_signed")).toEqual([]);
  });

  it("are fixed on disk before they leave, and freed where the homeserver took none", async () => {
    refusesUploads = true;
    expect((await upload(own)).status).toBe(400);
    await vi.waitFor(async () => expect((await stored()).device_identity).toBeUndefined());
    refusesUploads = false;
    const other = clientKeys(server.existingSession.user_id, DEVICE);
    await upload(other);
    expect(isVerified(other)).toBe(true);
  });

  it("take the place of those that never arrived, as after a crash", async () => {
    const lost = clientKeys(server.existingSession.user_id, DEVICE);
    const { ed25519, curve25519 } = lost;
    await proxy.store.update(proxy.path, { device_identity: { ed25519, curve25519 } });
    await upload(own);
    expect(isVerified(own)).toBe(true);
  });
});

describe("passes unsigned", () => {
  const { user_id: _, ...noUser } = clientKeys("@alice:x", DEVICE).deviceKeys;

  it("a second identity, with a warning", async () => {
    await upload(own);
    await vi.waitFor(() => expect(signedEvents()).toHaveLength(1));
    const second = clientKeys(server.existingSession.user_id, DEVICE);
    await upload(second);
    expect(isVerified(second)).toBe(false);
    expect(warnings()).toContain("second_identity");
    expect((await stored()).device_identity?.ed25519).toBe(own.ed25519);
  });

  it.each<[string, () => JsonObject]>([
    ["another device's keys", () => clientKeys(server.existingSession.user_id, "OTHERDEVICE").deviceKeys],
    ["another user's", () => clientKeys("@eve:example.org", DEVICE).deviceKeys],
    ["keys without a user", () => noUser as JsonObject],
    [
      "a third key",
      () => ({
        ...own.deviceKeys,
        keys: { ...(own.deviceKeys["keys"] as JsonObject), [`ed25519:OTHER`]: own.ed25519 },
      }),
    ],
    [
      "keys that they didn't sign themselves",
      () => ({ ...own.deviceKeys, algorithms: ["m.olm.v1.curve25519-aes-sha2"] }),
    ],
    ["fractions, which nobody can sign", () => ({ ...own.deviceKeys, weight: 0.5 })],
    ["no object", () => "keys" as unknown as JsonObject],
  ])("%s", async (_what, deviceKeys) => {
    await proxy.ask(UPLOAD, { json: { device_keys: deviceKeys() } });
    expect(isVerified(own)).toBe(false);
    expect((await stored()).device_identity).toBeUndefined();
  });

  it("what has a content coding, and what is no JSON", async () => {
    await upload(own, { "content-encoding": "x-none" });
    expect(isVerified(own)).toBe(false);
    expect((await proxy.ask(UPLOAD, { body: "{" })).status).toBe(400);
    expect((await stored()).device_identity).toBeUndefined();
  });

  it("one-time keys, untouched", async () => {
    const json = { one_time_keys: { "signed_curve25519:AAAAAA": { key: "x", signatures: {} } } };
    const reply = await proxy.ask(UPLOAD, { json });
    expect(reply.body).toEqual({ one_time_key_counts: { signed_curve25519: 1 } });
  });
});

describe("a session whose device keys this program has uploaded", () => {
  it("says that another can't encrypt with it, and signs nothing", async () => {
    const taken = await startProxy(server.existingSession, { clock: server.clock });
    const { user_id, device_id } = server.existingSession;
    const keys = clientKeys(user_id, device_id);
    expect(taken.events).toContainEqual(expect.objectContaining({ code: "device_keys_taken" }));
    await taken.ask(UPLOAD, { json: { device_keys: keys.deviceKeys } });
    const reply = await call(server.baseUrl, "POST /_matrix/client/v3/keys/query", {
      token: server.existingSession.access_token,
      json: { device_keys: { [user_id]: [device_id] } },
    });
    const { secrets } = server.existingSession;
    const selfSigning = ed25519PublicKey(Buffer.from(secrets.cross_signing.self_signing_key, "base64"));
    const shown = (reply.body["device_keys"] as Record<string, Record<string, JsonObject>>)[user_id];
    expect(isSignedBy(shown?.[device_id] ?? {}, user_id, selfSigning, selfSigning)).toBe(false);
  });
});
