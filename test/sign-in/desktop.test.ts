import { expect, it } from "vitest";
import { whyNoDesktop } from "../../src/sign-in/desktop.js";

it.each([
  ["at a desktop", "linux", { DISPLAY: ":0" }, undefined],
  ["at one of Wayland", "linux", { WAYLAND_DISPLAY: "wayland-0" }, undefined],
  ["in the Windows Subsystem for Linux", "linux", { WSL_DISTRO_NAME: "Debian" }, undefined],
  ["on macOS", "darwin", {}, undefined],
  ["on Windows", "win32", {}, undefined],
  ["without a display", "linux", {}, "no_display"],
  ["over SSH, even with a display", "linux", { DISPLAY: ":0", SSH_CONNECTION: "a 1 b 2" }, "ssh"],
  ["over SSH to macOS", "darwin", { SSH_CONNECTION: "a 1 b 2" }, "ssh"],
  ["in CI", "linux", { DISPLAY: ":0", CI: "true" }, "ci"],
] as const)(
  "knows whether something opened comes up in front of a person, and why not: %s",
  (_where, platform, env, why) => {
    expect(whyNoDesktop({ platform, env })).toBe(why);
  },
);
