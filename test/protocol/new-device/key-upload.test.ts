import { describe, expect, it } from "vitest";
import type { FailureKind } from "../../../src/foundation/failure-kinds.js";
import { Failure, type FailureCode } from "../../../src/foundation/failures.js";
import { generateDeviceIdentityKeys, signedDeviceKeys } from "../../../src/protocol/device-keys.js";
import { NEW_DEVICE } from "../../support/memory-homeserver.js";
import { against, newDevice, sendingSecretsOf } from "../../support/played-existing-device.js";
import { namesOf } from "../../support/roles.js";
import { USER } from "../../support/sessions.js";

describe("a new device that uploads its keys", () => {
  const lost = () => Promise.reject(new Failure("network_error"));

  it("is verified where only the upload's answer was lost", async () => {
    const device = await newDevice();
    const { homeserver, role } = device;
    homeserver.account = {
      uploadDeviceKeys: async (deviceKeys) => {
        homeserver.show(deviceKeys);
        await lost();
      },
    };
    const { result } = await against(device, sendingSecretsOf(homeserver));
    expect(result).toBeDefined();
    expect(role.events).toContainEqual({ event: "verified", device_id: NEW_DEVICE });
    expect(role.file.content?.state).toBe("complete");
  });

  it("stays unconfirmed where the upload failed and the keys aren't shown", async () => {
    const device = await newDevice({ keepUnverified: true });
    device.homeserver.account = { uploadDeviceKeys: lost };
    const { failure } = await against(device, sendingSecretsOf(device.homeserver));
    expect(failure).toMatchObject({
      code: "session_unconfirmed",
      kind: "network",
      details: { cleanup: "none", session: "/sessions/new.json", deviceId: NEW_DEVICE },
    });
    expect(failure?.hint).toContain("Check the session");
    expect(failure?.message).toContain(new Failure("network_error").message);
    expect(device.role.file.content).toMatchObject({
      state: "unconfirmed",
      secrets: device.homeserver.secrets,
    });
    expect(device.homeserver.log).not.toContain("revoke access-1");
    expect(namesOf(device.role.events)).not.toContain("verified");
  });

  it("stays unconfirmed where nobody says what became of the upload", async () => {
    const device = await newDevice();
    let queries = 0;
    device.homeserver.account = {
      queryKeys: () => (queries++ === 0 ? Promise.resolve(device.homeserver.published) : lost()),
    };
    const { failure } = await against(device, sendingSecretsOf(device.homeserver));
    expect(failure).toMatchObject({ code: "session_unconfirmed", kind: "network" });
    expect(device.role.file.content?.state).toBe("unconfirmed");
  });

  it("gives the homeserver 10 s to show them", async () => {
    const device = await newDevice();
    const { homeserver, clock } = device;
    let uploadedAt = 0;
    homeserver.account = {
      uploadDeviceKeys: async () => {
        uploadedAt = clock.now();
      },
    };
    const { failure } = await against(device, sendingSecretsOf(homeserver));
    expect(failure).toMatchObject({ code: "session_unconfirmed", kind: "network" });
    expect(clock.now() - uploadedAt).toBe(10_000);

    const late = await newDevice();
    late.homeserver.account = {
      uploadDeviceKeys: async (deviceKeys) => {
        void late.clock.sleep(9000).then(() => late.homeserver.show(deviceKeys));
      },
    };
    expect((await against(late, sendingSecretsOf(late.homeserver))).result).toBeDefined();
  });

  it("isn't verified by keys without the self-signing key's signature", async () => {
    const device = await newDevice();
    const { homeserver } = device;
    homeserver.account = {
      uploadDeviceKeys: async (deviceKeys) => homeserver.show({ ...deviceKeys, signatures: {} }),
    };
    const { failure } = await against(device, sendingSecretsOf(homeserver));
    expect(failure?.code).toBe("session_unconfirmed");
  });

  it("revokes everything where the homeserver shows other keys", async () => {
    const device = await newDevice({ keepUnverified: true });
    const { homeserver, role } = device;
    const { self_signing_key } = homeserver.secrets.cross_signing;
    const others = signedDeviceKeys(USER, NEW_DEVICE, generateDeviceIdentityKeys(), self_signing_key);
    homeserver.account = { uploadDeviceKeys: async () => homeserver.show(others) };
    const { failure } = await against(device, sendingSecretsOf(homeserver));
    expect(failure).toMatchObject({
      code: "device_keys_mismatch",
      kind: "security",
      details: { cleanup: "revoked" },
    });
    expect(homeserver.events.slice(-2)).toEqual(["revoke access-1", "remove"]);
    expect(role.file.content).toBeUndefined();
  });

  it("doesn't upload them where the session can't be saved as unconfirmed first", async () => {
    const device = await newDevice();
    device.role.file.fails = ({ state }) => (state === "unconfirmed" ? new Failure("file_error") : undefined);
    const { failure } = await against(device, sendingSecretsOf(device.homeserver));
    expect(failure).toMatchObject({ code: "file_error", kind: "local", details: { cleanup: "revoked" } });
    expect(device.homeserver.log).not.toContain("keys/upload");
  });

  it.each<[FailureCode, FailureCode, FailureKind]>([
    ["interrupted", "interrupted", "signal"],
    ["timed_out", "session_unconfirmed", "network"],
  ])("and is ended meanwhile by %s keeps the session", async (reason, code, kind) => {
    const device = await newDevice();
    const { homeserver, role } = device;
    homeserver.account = {
      uploadDeviceKeys: () => {
        role.stop.abort(new Failure(reason));
        return Promise.reject(role.stop.signal.reason);
      },
      queryKeys: async (_userId, asked) => {
        asked.throwIfAborted();
        return homeserver.published;
      },
    };
    const { failure } = await against(device, sendingSecretsOf(homeserver));
    expect(failure).toMatchObject({
      code,
      kind,
      details: { cleanup: "none", session: "/sessions/new.json" },
    });
    expect(role.file.content?.state).toBe("unconfirmed");
  });
});
