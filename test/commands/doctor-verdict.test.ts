import { describe, expect, it } from "vitest";
import { describeVerdict } from "../../src/commands/doctor-verdict.js";
import type { Verdict } from "../../src/doctor/findings.js";
import { Failure } from "../../src/foundation/failures.js";

const URL_OF_SERVER = new URL("https://hs.example/");
const EVERYTHING: Verdict = {
  event: "verdict",
  sign_in: true,
  new_device_generates: ["msc4388", "msc4108-2024"],
  existing_device_generates: ["msc4388", "msc4108-2024"],
  apps: true,
};
const SETTING = "Synapse: experimental_features.msc4108_enabled: true";

const told = (changes: Partial<Verdict>, obstacle?: Failure, verbose = false) =>
  describeVerdict({ ...EVERYTHING, ...changes }, obstacle, URL_OF_SERVER, {
    program: "npx matrix-qr-login",
    verbose,
  });

describe("what doctor ends with", () => {
  it("is that devices can be signed in, where apps can take part", () => {
    const text = told({});
    expect(text).toContain("Devices can be signed in by QR code on hs.example.");
    expect(text).toContain("a new device can show: the newer version, the older version (for apps)");
  });

  it("is for whom it works, where the server has MSC4388 alone", () => {
    const text = told({
      new_device_generates: ["msc4388"],
      existing_device_generates: ["msc4388"],
      apps: false,
      setting_for_apps: SETTING,
    });
    expect(text).not.toContain("Devices can be signed in");
    expect(text).toContain("With this program on both devices: yes");
    expect(text).toMatch(/Element X, Element Web and other apps: not until the admin/);
    expect(text).toContain(SETTING);
  });

  it("names the way over another server, where no code can be generated", () => {
    const text = told({ new_device_generates: [], existing_device_generates: [], apps: false });
    expect(text).not.toContain("Devices can be signed in");
    expect(text).toContain("generate --rendezvous");
    expect(text).toContain("npx matrix-qr-login login --homeserver https://hs.example/");
    expect(text).toContain("a new device can show: none");
  });

  it("has no words of the protocol in it, unless they are asked for", () => {
    expect(told({})).not.toContain("msc");
    expect(told({}, undefined, true)).toContain(
      "the newer version (msc4388), the older version (for apps, msc4108-2024)",
    );
  });

  it("is that no device can be signed in, and what to do next where the command line has something", () => {
    const text = told({ sign_in: false, apps: false }, new Failure("homeserver_without_registration"));
    expect(text).toContain("No device can be signed in by QR code on hs.example.");
    expect(text).toContain("--client-id");
    expect(told({ sign_in: false, apps: false }, new Failure("server_error"))).toBe(
      "\nNo device can be signed in by QR code on hs.example.\n",
    );
  });
});
