import { randomBytes } from "node:crypto";
import { describe, expect } from "vitest";
import { seedDevice, seedKeys } from "../../src/dev-homeserver/seed.js";
import { startGenerator, startPair, typeCheckCode } from "../support/device-pair.js";
import { expectFailureOf } from "../support/failed-runs.js";
import { it } from "../support/machine.js";
import { StackDevice } from "../support/stack-account.js";
import { diagnose } from "../support/stack-doctor.js";
import { expectNothingLeft, provideSite, signIn, signInUntilConsent } from "../support/stack-sign-in.js";

const site = provideSite();

/** Synapse lets a session of MSC4388 live for 120 s, one of the 2024 version for 60 s after each write. */
const SLOW = { timeout: 180_000 };

describe.concurrent("where everything is switched on", () => {
  it(
    "a session that expires during consent ends the sign-in, and leaves nothing",
    SLOW,
    async ({ machine }) => {
      const pair = await signInUntilConsent(machine, site(), "existing");
      await expectFailureOf(pair.newDevice, "rendezvous_expired");
      await expectFailureOf(pair.existingDevice, "rendezvous_expired");
      await pair.decide("allow");
      await expectNothingLeft(machine, site(), pair);
    },
  );

  it("a session that expires after the token came has it revoked", SLOW, async ({ machine }) => {
    const pair = await signInUntilConsent(machine, site(), "new", { channel: "msc4108-2024" });
    pair.existingDevice.kill("SIGKILL");
    await pair.decide("allow");
    await pair.newDevice.event("signed_in");
    expect(await site().account.device.hasDevice(pair.deviceId)).toBe(true);
    const { cleanup } = await expectFailureOf(pair.newDevice, "rendezvous_expired");
    expect(cleanup).toBe("revoked");
    await expectNothingLeft(machine, site(), pair);
  });

  it("a code that nobody scans is renewed", SLOW, async ({ machine }) => {
    const generator = await startGenerator(machine, site().account, "new");
    const { payload } = await generator.event("qr");
    await generator.event("qr", (qr) => qr.payload !== payload);
  });

  it.for([
    ["new", "msc4388"],
    ["existing", "msc4388"],
    ["new", "msc4108-2024"],
    ["existing", "msc4108-2024"],
  ] as const)(
    "the %s device generates a code of %s, and the new one is verified",
    async ([intent, channel], { machine }) => {
      await signIn(machine, site(), intent, { channel });
    },
  );

  it.for(["new", "existing"] as const)(
    "a consent that is denied, the %s device showing the code",
    async (intent, { machine }) => {
      const pair = await signInUntilConsent(machine, site(), intent);
      await pair.decide("deny");
      await expectFailureOf(pair.newDevice, "consent_declined");
      await expectFailureOf(pair.existingDevice, "consent_declined");
      await expectNothingLeft(machine, site(), pair);
    },
  );

  it.for(["new", "existing"] as const)(
    "a consent that comes too late, the %s device showing the code",
    async (intent, { machine }) => {
      const pair = await signInUntilConsent(machine, site(), intent);
      await site().stack.expireAuthorization(pair.userCode);
      await expectFailureOf(pair.newDevice, "authorization_expired");
      const { reason } = await expectFailureOf(pair.existingDevice, "authorization_expired");
      expect(reason).toBe("authorization_expired");
      await expectNothingLeft(machine, site(), pair);
    },
  );

  it("an account without cross-signing keys has nothing to share, which is said before any code", async ({
    machine,
  }) => {
    const { deviceId, userId, accessToken } = await StackDevice.signIn(site().stack, "bob");
    const fresh = {
      base_url: site().stack.baseUrl.href,
      user_id: userId,
      device_id: deviceId,
      access_token: accessToken,
    };
    const { secrets } = site().account.existingSession;
    await machine.addSession(fresh, "bare");
    await machine.addSession({ ...fresh, secrets }, "stale");

    const unscanned = await startGenerator(machine, site().account, "new");
    const { payload } = await unscanned.event("qr");
    const unattended = ["--yes", "--no-browser", "--json"];
    for (const args of [
      ["scan", payload],
      ["generate", "--as", "existing", "--check-code", "stdin"],
    ]) {
      for (const [session, code] of [
        ["bare", "secrets_missing"],
        ["stale", "cross_signing_missing"],
      ] as const) {
        const run = machine.start([...args, ...unattended, "--session", session], { stdin: "none" });
        const { hint } = await expectFailureOf(run, code);
        expect(hint).toMatch(/set up encryption/i);
        // A code that is scanned is looked at meanwhile, and that is all.
        const shown = run.events.map(({ event }) => event).filter((event) => event !== "scanned");
        expect(shown).toEqual(["started", "failure"]);
      }
    }
    unscanned.kill("SIGINT");
    await unscanned.ended;
  });

  it("a device ID that is taken is refused before any consent", async ({ machine }) => {
    const { account } = site();
    const pair = await startPair(machine, account, "new", {
      generate: ["--device-id", account.device.deviceId],
    });
    await typeCheckCode(pair);
    await expectFailureOf(pair.existingDevice, "device_already_exists");
    const { reason } = await expectFailureOf(pair.newDevice, "other_device_failed");
    expect(reason).toBe("device_already_exists");
    expect(await machine.sessionFiles()).toEqual(["existing.json"]);
  });

  it("doctor finds nothing amiss", async ({ machine }) => {
    const { code, settings, verdict } = await diagnose(machine, site().stack);
    expect(code).toBe(0);
    expect(settings).toEqual({});
    expect(verdict).toEqual({
      sign_in: true,
      apps: true,
      new_device_generates: ["msc4388", "msc4108-2024"],
      existing_device_generates: ["msc4388", "msc4108-2024"],
    });
  });
});

describe("the third party", () => {
  it("calls no device cross-signed whose signature is by another key", async () => {
    const { stack, observer } = site();
    const device = await StackDevice.signIn(stack, "alice");
    const { userId, deviceId } = device;
    const { deviceKeys } = seedDevice(userId, seedKeys(userId).selfSigning, deviceId);
    await device.ask("POST /_matrix/client/v3/keys/upload", { device_keys: deviceKeys });
    expect(await observer.seesAsCrossSigned(deviceId)).toBe(false);
  });

  it("opens no room key with another key than the backup's", async () => {
    const { account, observer } = site();
    const { backup } = account.existingSession.secrets;
    const other = { backup_version: backup?.backup_version ?? "", key: randomBytes(32).toString("base64") };
    await expect(observer.canReadHistoryWith(other)).rejects.toThrow();
  });
});
