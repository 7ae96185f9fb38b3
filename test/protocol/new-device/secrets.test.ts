import { describe, expect, it } from "vitest";
import { Failure } from "../../../src/foundation/failures.js";
import { publicCrossSigningKeys } from "../../../src/protocol/cross-signing.js";
import type { MemoryHomeserver } from "../../support/memory-homeserver.js";
import { against, newDevice, sending, sendingSecretsOf } from "../../support/played-existing-device.js";
import { NewRole, namesOf } from "../../support/roles.js";
import { newCrossSigningSecrets } from "../../support/sessions.js";

describe("a new device with secrets", () => {
  const wrong = { cross_signing: newCrossSigningSecrets() };

  it.each([false, true])(
    "that aren't the account's uploads nothing, and keeps nothing (--keep-unverified: %s)",
    async (keepUnverified) => {
      const device = await newDevice({ keepUnverified });
      const { failure } = await against(device, sending({ type: "m.login.secrets", ...wrong }));
      expect(failure).toMatchObject({
        code: "secrets_mismatch",
        kind: "security",
        details: { cleanup: "revoked" },
      });
      expect(device.homeserver.log).not.toContain("keys/upload");
      expect(device.role.file.saved.some(({ secrets }) => secrets !== undefined)).toBe(false);
    },
  );

  it("of an account that publishes no keys can't be held against anything", async () => {
    const device = await newDevice();
    device.homeserver.published = { deviceKeys: {} };
    const { failure } = await against(device, sendingSecretsOf(device.homeserver));
    expect(failure).toMatchObject({
      code: "secrets_mismatch",
      kind: "security",
      details: { cleanup: "revoked" },
    });
  });

  it("takes the master key that it must have, and no other", async () => {
    const expected = publicCrossSigningKeys(wrong.cross_signing).master;
    const refusing = await newDevice({ expectedMasterKey: expected });
    const { failure } = await against(refusing, sendingSecretsOf(refusing.homeserver));
    expect(failure).toMatchObject({
      code: "unexpected_master_key",
      kind: "security",
      details: { cleanup: "revoked" },
    });
    expect(refusing.homeserver.log).not.toContain("keys/upload");

    const { homeserver, ...device } = await newDevice();
    const { master } = publicCrossSigningKeys(homeserver.secrets.cross_signing);
    const role = new NewRole(homeserver, { expectedMasterKey: master });
    const taking = { ...device, homeserver, role, run: () => role.run(device.s) };
    expect((await against(taking, sendingSecretsOf(homeserver))).result).toBeDefined();
  });

  it.each([null, undefined])("needs no key backup among them: %s", async (backup) => {
    const device = await newDevice();
    const { cross_signing } = device.homeserver.secrets;
    const message = { type: "m.login.secrets", cross_signing, ...(backup === null && { backup }) } as const;
    const { result } = await against(device, sending(message));
    expect(result).toBeDefined();
    expect(device.role.events).toContainEqual({ event: "secrets_received", cross_signing: true });
    expect(namesOf(device.role.events)).not.toContain("warning");
    expect(device.role.file.content).toMatchObject({ state: "complete", secrets: { cross_signing } });
  });

  it.each<[string, (homeserver: MemoryHomeserver) => void, said: string]>([
    ["has another version", (hs) => Object.assign(hs.backup ?? {}, { version: "2" }), "is stale"],
    [
      "has another algorithm",
      (hs) => Object.assign(hs.backup ?? {}, { algorithm: "other" }),
      "another algorithm",
    ],
    ["has another key", (hs) => Object.assign(hs.backup ?? {}, { publicKey: "AAAA" }), "private half"],
    [
      "is gone",
      (hs) => {
        hs.backup = undefined;
      },
      "no key backup any more",
    ],
    [
      "can't be looked at",
      (hs) => {
        hs.account = { backupVersion: () => Promise.reject(new Failure("network_error")) };
      },
      "could not be asked",
    ],
  ])("is only warned where the account's key backup %s", async (_what, change, said) => {
    const device = await newDevice();
    change(device.homeserver);
    const { result } = await against(device, sendingSecretsOf(device.homeserver));
    expect(result).toBeDefined();
    expect(device.role.events.at(-1)).toMatchObject({
      event: "warning",
      code: "backup_mismatch",
      message: expect.stringContaining(said),
    });
    expect(device.role.file.content?.state).toBe("complete");
  });
});
