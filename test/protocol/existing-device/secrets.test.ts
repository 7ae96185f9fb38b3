import { describe, expect, it } from "vitest";
import { Failure } from "../../../src/foundation/failures.js";
import { checkExistingDevice } from "../../../src/protocol/existing-device.js";
import type { Message } from "../../../src/protocol/messages.js";
import type { SecureChannel } from "../../../src/protocol/secure-channel.js";
import { channelPair } from "../../support/channel-pair.js";
import { expectFailure } from "../../support/failures.js";
import { MemoryHomeserver, NEW_DEVICE } from "../../support/memory-homeserver.js";
import { against, ask, existingDevice, SUCCESS, signal } from "../../support/played-new-device.js";
import { ending, namesOf } from "../../support/roles.js";
import { newCrossSigningSecrets, USER } from "../../support/sessions.js";

/** Up to the consent, which is given. */
const untilSuccess = async (peer: SecureChannel) => {
  await ask()(peer);
  await peer.send(SUCCESS, signal);
};

describe("an existing device that is told of success", () => {
  it("looks for the device for 10 s, and without it sends no secrets but a failure", async () => {
    const existing = await existingDevice();
    const { clock, homeserver } = existing;
    let told: Failure | undefined;
    let askedFrom = 0;
    const { failure } = await against(existing, async (peer) => {
      await untilSuccess(peer);
      askedFrom = clock.now();
      told = (await ending(peer.receive(["m.login.secrets"], "machine", signal))).failure;
    });
    expect(failure).toMatchObject({ code: "device_not_found", kind: "unsupported" });
    expect(told?.details.reason).toBe("device_not_found");
    // Once before the consent; then at once and twice a second, for 10 s.
    expect(homeserver.log.filter((entry) => entry === "device?")).toHaveLength(1 + 21);
    expect(clock.now() - askedFrom).toBeGreaterThanOrEqual(10_000);
    expect(JSON.stringify(existing.sent())).not.toContain("m.login.secrets");
  });

  it("stops looking for the device when that ends the rendezvous session meanwhile", async () => {
    const existing = await existingDevice();
    const { failure } = await against(existing, async (peer) => {
      await untilSuccess(peer);
      await peer.abandon(new Failure("unexpected_user"));
    });
    expect(failure).toMatchObject({ code: "rendezvous_gone", kind: "refused" });
  });

  it("finds a device that shows up late", async () => {
    const existing = await existingDevice();
    const { clock, homeserver } = existing;
    const end = await against(existing, async (peer) => {
      await untilSuccess(peer);
      await clock.sleep(9000);
      homeserver.devices.add(NEW_DEVICE);
      await peer.receive(["m.login.secrets"], "machine", signal);
    });
    expect(end).toEqual({ result: { deviceId: NEW_DEVICE } });
    expect(namesOf(existing.role.events).slice(-2)).toEqual(["device_online", "secrets_sent"]);
  });

  it("is done 3 s after the secrets were sent, also where nobody deletes the session", async () => {
    const existing = await existingDevice();
    const { clock, homeserver, rendezvous } = existing;
    let sentAt = 0;
    const end = await against(existing, async (peer) => {
      await untilSuccess(peer);
      homeserver.devices.add(NEW_DEVICE);
      await existing.sessions.s.waitForChange("machine", signal);
      sentAt = clock.now();
    });
    expect(end).toEqual({ result: { deviceId: NEW_DEVICE } });
    expect(clock.now() - sentAt).toBeLessThanOrEqual(3000);
    expect(clock.now() - sentAt).toBeGreaterThan(2000);
    expect(rendezvous.written("g")).not.toContain("g DELETE");
  });

  it.each([
    [
      "verified",
      (homeserver: MemoryHomeserver) => homeserver.showVerified(),
      { result: { deviceId: NEW_DEVICE } },
    ],
    ["not verified", () => undefined, { failure: expect.objectContaining({ code: "delivery_unknown" }) }],
  ])("knows by a device that is %s whether secrets came whose answer was lost", async (_, show, ended) => {
    const existing = await existingDevice();
    const { homeserver, rendezvous } = existing;
    const end = await against(existing, async (peer) => {
      await untilSuccess(peer);
      rendezvous.fault = ({ device, method }) => {
        if (device !== "g" || method !== "PUT") return undefined;
        rendezvous.fault = () => undefined;
        return rendezvous.lostOnce("s DELETE");
      };
      homeserver.devices.add(NEW_DEVICE);
      await peer.receive(["m.login.secrets"], "machine", signal);
      show(homeserver);
    });
    expect(end).toEqual(ended);
  });

  it("sends `backup` where it has one, and none where it has none", async () => {
    const cross_signing = newCrossSigningSecrets();
    const existing = await existingDevice(() => ({ secrets: { cross_signing } }));
    let secrets: Message | undefined;
    await against(existing, async (peer) => {
      await untilSuccess(peer);
      existing.homeserver.devices.add(NEW_DEVICE);
      secrets = await peer.receive(["m.login.secrets"], "machine", signal);
    });
    expect(secrets).toEqual({ type: "m.login.secrets", cross_signing });
    expect(existing.role.events.at(-1)).toEqual({ event: "secrets_sent", cross_signing: true });
  });
});

describe("checkExistingDevice", () => {
  const homeserverOf = async () => new MemoryHomeserver((await channelPair()).clock);

  it("accepts the secrets of the account", async () => {
    const homeserver = await homeserverOf();
    const device = { homeserver: homeserver.forAccount(), userId: USER, secrets: homeserver.secrets };
    await expect(checkExistingDevice(device, signal)).resolves.toBeUndefined();
  });

  it("refuses others, and an account that has none", async () => {
    const homeserver = await homeserverOf();
    const others = { cross_signing: newCrossSigningSecrets() };
    const device = { homeserver: homeserver.forAccount(), userId: USER, secrets: others };
    await expectFailure("secrets_mismatch", () => checkExistingDevice(device, signal));
    homeserver.published = { deviceKeys: {} };
    const failure = await expectFailure("cross_signing_missing", () => checkExistingDevice(device, signal));
    expect(failure.kind).toBe("local");
  });
});
