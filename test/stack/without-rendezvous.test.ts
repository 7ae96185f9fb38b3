import { describe, expect } from "vitest";
import { SETTINGS } from "../../src/doctor/settings.js";
import { startGenerator } from "../support/device-pair.js";
import { expectFailureOf } from "../support/failed-runs.js";
import { it } from "../support/machine.js";
import { diagnose } from "../support/stack-doctor.js";
import { provideSite, signIn } from "../support/stack-sign-in.js";

const site = provideSite({ MSC4388_MODE: "off", MSC4108_2024: "false" });

describe.concurrent("where there are no rendezvous sessions", () => {
  it.for(["new", "existing"] as const)("no code can be generated as %s", async (intent, { machine }) => {
    const generator = await startGenerator(machine, site().account, intent, { channel: "auto" });
    const { hint } = await expectFailureOf(generator, "homeserver_without_rendezvous");
    expect(hint).toContain("--rendezvous");
    expect(generator.events.map(({ event }) => event)).toEqual(["started", "failure"]);
  });

  it.for([
    ["new", "msc4388"],
    ["new", "msc4108-2024"],
    ["existing", "msc4108-2024"],
  ] as const)(
    "the %s device generates a code with a session of another server, %s",
    async ([intent, channel], { machine }) => {
      const elsewhere = await machine.homeserver({ msc4108: true });
      await signIn(machine, site(), intent, { channel, generate: ["--rendezvous", elsewhere.baseUrl.href] });
      expect(elsewhere.liveRendezvousSessions()).toEqual([]);
      expect(elsewhere.liveMsc4108Sessions()).toEqual([]);
    },
  );

  it("doctor names both settings, and says that devices can be signed in all the same", async ({
    machine,
  }) => {
    const { code, states, settings, verdict } = await diagnose(machine, site().stack);
    expect(code).toBe(0);
    expect(states).toMatchObject({ rendezvous_msc4388: "missing", rendezvous_msc4108_2024: "missing" });
    const { rendezvous_msc4388, rendezvous_msc4108_2024 } = SETTINGS.synapse;
    expect(settings).toEqual({ rendezvous_msc4388, rendezvous_msc4108_2024 });
    expect(verdict).toEqual({
      sign_in: true,
      apps: false,
      setting_for_apps: rendezvous_msc4108_2024,
      new_device_generates: [],
      existing_device_generates: [],
    });
  });
});
