import { describe, expect } from "vitest";
import type { DevHomeserverOptions } from "../../src/dev-homeserver/dev-homeserver.js";
import { startGenerator } from "../support/device-pair.js";
import { it, type Machine } from "../support/machine.js";

/** The last line of `doctor --json`. */
async function verdictOn(machine: Machine, options: DevHomeserverOptions) {
  const { baseUrl } = await machine.homeserver(options);
  const { code, stdout } = await machine.run(["doctor", baseUrl.href, "--json"]);
  return { code, verdict: JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") };
}

describe.concurrent("doctor", () => {
  it("ends with 0 where a device can be signed in, and says whether apps can take part", async ({
    machine,
  }) => {
    const both = await verdictOn(machine, { msc4108: true });
    expect([both.code, both.verdict.sign_in, both.verdict.apps]).toEqual([0, true, true]);
    const msc4388 = await verdictOn(machine, {});
    expect([msc4388.code, msc4388.verdict.sign_in, msc4388.verdict.apps]).toEqual([0, true, false]);
    expect(msc4388.verdict.setting_for_apps).toContain("msc4108_enabled");
  });

  it.for([
    ["OAuth", { oauth: false }],
    ["the device authorization grant", { deviceGrant: false }],
    ["registration of clients", { registration: false }],
  ] as const)(
    "ends with 6 where no device can be signed in, for want of %s",
    async ([, options], { machine }) => {
      const { code, verdict } = await verdictOn(machine, { msc4108: true, ...options });
      expect([code, verdict.sign_in]).toEqual([6, false]);
    },
  );

  it("doesn't end in devices that can be signed in where apps can't take part", async ({ machine }) => {
    const { baseUrl } = await machine.homeserver();
    const { stdout } = await machine.run(["doctor", baseUrl.href]);
    expect(stdout).not.toContain("Devices can be signed in");
    expect(stdout).toMatch(/With this program on both devices: yes\n.*other apps: not until the admin/);
  });
});

describe.concurrent("generate, left to choose the version,", () => {
  it("warns that apps can't read its code where the server has MSC4388 alone", async ({ machine }) => {
    const generator = await startGenerator(machine, await machine.homeserver(), "new", { channel: "auto" });
    await generator.event("qr");
    expect(await generator.event("warning")).toMatchObject({ code: "apps_cannot_scan" });
  });

  it("warns of nothing where the server has the version of the apps too", async ({ machine }) => {
    const server = await machine.homeserver({ msc4108: true });
    const generator = await startGenerator(machine, server, "new", { channel: "auto" });
    await generator.event("qr", ({ channel }) => channel === "msc4108-2024");
    expect(generator.events.map(({ event }) => event)).not.toContain("warning");
  });
});
