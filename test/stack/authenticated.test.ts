import { describe, expect } from "vitest";
import { SETTINGS } from "../../src/doctor/settings.js";
import { describeAuthenticatedSynapse } from "../dev-homeserver/synapse-conformance.js";
import { startGenerator } from "../support/device-pair.js";
import { expectFailureOf } from "../support/failed-runs.js";
import { it } from "../support/machine.js";
import { diagnose } from "../support/stack-doctor.js";
import { provideSite, signIn } from "../support/stack-sign-in.js";

const site = provideSite({ MSC4388_MODE: "authenticated", AUTOFILL: "false" });

describe.concurrent("where MSC4388 is for devices that are signed in, and the user code has to be typed", () => {
  it("an existing device generates a code, and its user types the code of the new one", async ({
    machine,
  }) => {
    const { existingDevice } = await signIn(machine, site(), "existing");
    const link = await existingDevice.event("verification");
    expect(link).not.toHaveProperty("verification_uri_complete");
  });

  it("a new device can't generate one of MSC4388, and says why", async ({ machine }) => {
    const generator = await startGenerator(machine, site().account, "new");
    const { message, hint } = await expectFailureOf(generator, "homeserver_without_rendezvous");
    expect(message).toContain("only for devices that are signed in");
    expect(hint).toContain("--rendezvous");
    expect(generator.events.map(({ event }) => event)).toEqual(["started", "failure"]);
  });

  it("a new device generates one of the 2024 version, where it may take what there is", async ({
    machine,
  }) => {
    const { newDevice } = await signIn(machine, site(), "new", { channel: "auto" });
    const shown = newDevice.events.filter((event) => event.event === "qr");
    expect(shown.map(({ channel }) => channel)).toEqual(["msc4108-2024"]);
  });

  it("doctor names both settings", async ({ machine }) => {
    const { code, states, settings, verdict } = await diagnose(machine, site().stack);
    expect(code).toBe(0);
    expect(states).toMatchObject({ verification_uri_complete: "limited", rendezvous_msc4388: "limited" });
    const { verification_uri_complete, rendezvous_msc4388 } = SETTINGS.synapse;
    expect(settings).toEqual({ verification_uri_complete, rendezvous_msc4388 });
    expect(verdict).toEqual({
      sign_in: true,
      apps: true,
      new_device_generates: ["msc4108-2024"],
      existing_device_generates: ["msc4388", "msc4108-2024"],
    });
  });
});

describeAuthenticatedSynapse("Synapse", () => site().stack.baseUrl);
