import { describe, expect } from "vitest";
import { SETTINGS } from "../../src/doctor/settings.js";
import { startGenerator } from "../support/device-pair.js";
import { expectFailureOf } from "../support/failed-runs.js";
import { it } from "../support/machine.js";
import { diagnose } from "../support/stack-doctor.js";
import { provideSite } from "../support/stack-sign-in.js";

const site = provideSite({ DEVICE_GRANT: "false" });

describe.concurrent("where the device authorization grant is switched off", () => {
  it("an existing device generates no code", async ({ machine }) => {
    const generator = await startGenerator(machine, site().account, "existing");
    await expectFailureOf(generator, "homeserver_without_device_grant");
    expect(generator.events.map(({ event }) => event)).toEqual(["started", "failure"]);
  });

  it("an existing device doesn't touch the session of a code that it scans", async ({ machine }) => {
    const generator = await startGenerator(machine, site().account, "new");
    const { payload } = await generator.event("qr");
    const scanner = machine.start(["scan", payload, "--json", "--yes", "--no-browser"], { stdin: "none" });
    await expectFailureOf(scanner, "homeserver_without_device_grant");
    // It is looked at meanwhile, and that is all.
    expect(scanner.events.map(({ event }) => event)).toEqual(["started", "scanned", "failure"]);
    expect(generator.lastEvent.event).toBe("qr");
  });

  it("doctor names the setting", async ({ machine }) => {
    const { code, states, settings, verdict } = await diagnose(machine, site().stack);
    expect(code).toBe(6);
    expect(states).toMatchObject({ oauth: "ok", device_authorization_grant: "missing" });
    const { device_authorization_grant } = SETTINGS.synapse;
    expect(settings).toEqual({ device_authorization_grant });
    expect(verdict.sign_in).toBe(false);
  });
});
