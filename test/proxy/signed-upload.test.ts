import { beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import type { JsonObject } from "../../src/protocol/canonical-json.js";
import { publicCrossSigningKeys } from "../../src/protocol/cross-signing.js";
import type { PublishedKeys } from "../../src/protocol/homeserver.js";
import { isSignedBy } from "../../src/protocol/signatures.js";
import { DeviceSigner, isSignedInFlight } from "../../src/proxy/device-signer.js";
import type { ProxyEvent } from "../../src/proxy/events.js";
import { SessionStore } from "../../src/session/store.js";
import { clientKeys } from "../support/client-keys.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { DEVICE, fullSession, publishedKeys, temporaryDirectory, USER } from "../support/sessions.js";

const session = fullSession();
const own = clientKeys(USER, DEVICE);
const identity = { ed25519: own.ed25519, curve25519: own.curve25519 };
const { ed25519, curve25519 } = clientKeys(USER, DEVICE);
const other = { ed25519, curve25519 };

let store: SessionStore;
let path: string;
let clock: FakeClock;
let published: PublishedKeys | Failure;
let queries: number;
/** What others do while the homeserver is asked. */
let whileAsked: () => Promise<unknown>;
let events: ProxyEvent[];
let stop: AbortController;
let signer: DeviceSigner;

/** A session whose device keys were deferred, of a device that the homeserver has no keys of. */
beforeEach(async () => {
  store = new SessionStore(await temporaryDirectory());
  path = store.pathOf("bot");
  clock = new FakeClock();
  const { device_keys: _, ...rest } = session;
  await store.create(path, { ...rest, state: "complete", device_keys_state: "deferred" });
  published = { ...publishedKeys(session), deviceKeys: {} };
  queries = 0;
  whileAsked = async () => undefined;
  events = [];
  stop = new AbortController();
  const queryKeys = async () => {
    queries++;
    await whileAsked();
    if (published instanceof Failure) throw published;
    return published;
  };
  signer = new DeviceSigner({
    ...{ store, path, userId: USER, deviceId: DEVICE, secrets: session.secrets, clock, signal: stop.signal },
    homeserver: { queryKeys },
    emit: (event) => events.push(event),
  });
});

const sign = (upload: unknown) => signer.sign(Buffer.from(JSON.stringify(upload)), undefined);

/** An upload of the client's own keys, signed on its way. */
async function signed(deviceKeys: JsonObject = own.deviceKeys) {
  const upload = await sign({ device_keys: deviceKeys, one_time_keys: { a: 1 } });
  if (!upload) throw new TypeError("It was not signed.");
  const body = JSON.parse(upload.body.toString()) as { readonly device_keys: JsonObject };
  return { answered: upload.answered, body };
}

/** What the homeserver shows of the device from now on. */
function show(deviceKeys: JsonObject): void {
  published = { ...publishedKeys(session), deviceKeys: { [DEVICE]: deviceKeys } };
}

const stored = async () => {
  const { device_identity, device_keys_state } = await store.read(path);
  return { device_identity, device_keys_state };
};
const nothingNew = { device_identity: identity, device_keys_state: "deferred" };

describe("an upload that is signed", () => {
  it("has the account's signature beside all that it had, and is the same otherwise", async () => {
    const signatures = {
      ...(own.deviceKeys["signatures"] as JsonObject),
      "@other:example.org": { "ed25519:a": "b" },
    };
    const { body } = await signed({ ...own.deviceKeys, signatures });
    const { signatures: all, ...rest } = body.device_keys;
    const { signatures: _, ...before } = own.deviceKeys;
    expect(rest).toEqual(before);
    expect(body).toMatchObject({ one_time_keys: { a: 1 } });
    expect(all).toMatchObject(signatures);
    const { selfSigning } = publicCrossSigningKeys(session.secrets.cross_signing);
    expect(isSignedBy(body.device_keys, USER, selfSigning, selfSigning)).toBe(true);
  });

  it("has its identity on disk before it leaves", async () => {
    await signed();
    expect(await stored()).toEqual(nothingNew);
    expect(queries).toBe(0);
  });

  it.each([[], 1, null, {}, { device_keys: [] }, { device_keys: { ...own.deviceKeys, keys: 1 } }])(
    "isn't what has no device keys in it: %j",
    async (upload) => {
      expect(await sign(upload)).toBeUndefined();
      expect((await stored()).device_identity).toBeUndefined();
    },
  );

  it.each([
    ["of another user", clientKeys("@eve:example.org", DEVICE)],
    ["of another device", clientKeys(USER, "OTHER")],
    ["with a third key", clientKeys(USER, DEVICE, { "ed25519:OTHER": "AAAA" })],
  ])("isn't what has keys %s, though they are signed", async (_what, { deviceKeys }) => {
    expect(await sign({ device_keys: deviceKeys })).toBeUndefined();
    expect((await stored()).device_identity).toBeUndefined();
  });

  it("is none where the file can't be read", async () => {
    await store.remove(path);
    await expectFailure("session_not_found", () => signed());
  });
});

describe("an upload of another identity", () => {
  beforeEach(() => store.update(path, { device_identity: other, device_keys_state: "signed" }));
  const warning = expect.objectContaining({ event: "warning", code: "second_identity" });

  it("is signed where the homeserver has no keys of the device, and has to be confirmed anew", async () => {
    await signed();
    expect(await stored()).toEqual(nothingNew);
    expect(events).toEqual([]);
  });

  it.each([
    ["has keys", () => show(own.deviceKeys)],
    [
      "can't be asked",
      () => {
        published = new Failure("network_error");
      },
    ],
  ])("is not where it %s", async (_what, change) => {
    change();
    expect(await sign({ device_keys: own.deviceKeys })).toBeUndefined();
    expect(await stored()).toEqual({ device_identity: other, device_keys_state: "signed" });
    expect(events).toEqual([warning]);
  });

  it("is not where a third one took that place meanwhile", async () => {
    const third = { ...other, ed25519: own.curve25519 };
    whileAsked = () => store.update(path, { device_identity: third });
    const upload = await sign({ device_keys: own.deviceKeys });
    expect(upload).toBeUndefined();
    expect((await stored()).device_identity).toEqual(third);
  });
});

describe("once it is answered", () => {
  it.each([200, 299])(
    "with %i, the device is verified as soon as the homeserver shows it",
    async (status) => {
      const { answered, body } = await signed();
      whileAsked = async () => {
        if (queries === 3) show(body.device_keys);
      };
      await clock.runUntil(answered(status));
      expect(queries).toBe(3);
      expect(events).toEqual([{ event: "device_signed", device_id: DEVICE, ed25519: own.ed25519 }]);
      expect(await stored()).toEqual({ device_identity: identity, device_keys_state: "signed" });

      const again = await signed();
      await clock.runUntil(again.answered(status));
      expect(events).toHaveLength(1);
    },
  );

  it.each([199, 300, 400])(
    "with %i, its identity is free again where the homeserver has none",
    async (status) => {
      await (await signed()).answered(status);
      expect(await stored()).toEqual({ device_keys_state: "deferred" });
      expect(events).toEqual([]);
    },
  );

  it("with a refusal, it stays where the homeserver has keys of the device", async () => {
    const { answered, body } = await signed();
    show(body.device_keys);
    await answered(400);
    expect(await stored()).toEqual(nothingNew);
  });

  it("with a refusal, another's that took its place stays", async () => {
    const { answered } = await signed();
    await store.update(path, { device_identity: other });
    await answered(400);
    expect((await stored()).device_identity).toEqual(other);
  });

  it.each([other, undefined])(
    "and shown, another's that took its place is not called signed: %j",
    async (now) => {
      const { answered, body } = await signed();
      await store.update(path, { device_identity: now });
      show(body.device_keys);
      await answered(200);
      expect(await stored()).toEqual({ device_identity: now, device_keys_state: "deferred" });
      expect(events).toEqual([]);
    },
  );

  it.each([
    ["doesn't show it within 10 s", "signature_not_shown"],
    ["can't be asked", "network_error"],
  ] as const)("and the homeserver %s, that is said", async (_what, code) => {
    const { answered } = await signed();
    if (code === "network_error") published = new Failure(code);
    await clock.runUntil(answered(200));
    const message = `Whether ${DEVICE} is verified now is not known: ${new Failure(code).message}`;
    expect(events).toEqual([{ event: "warning", code: "signature_unconfirmed", message }]);
    expect(await stored()).toEqual(nothingNew);
  });

  it("and the proxy ends, nothing more is said", async () => {
    const { answered } = await signed();
    whileAsked = async () => stop.abort(new Failure("interrupted"));
    await answered(200);
    expect(events).toEqual([]);
  });
});

it("are signed as they pass where they were deferred, whether or not that has happened before", () => {
  expect(isSignedInFlight({ device_keys_state: "deferred" })).toBe(true);
  expect(isSignedInFlight({ device_keys_state: "signed" })).toBe(true);
  expect(isSignedInFlight({ device_keys_state: "uploaded" })).toBe(false);
  expect(isSignedInFlight({})).toBe(false);
});
