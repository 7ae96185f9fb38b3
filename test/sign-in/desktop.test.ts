import { expect, it } from "vitest";
import { hasDesktop } from "../../src/sign-in/desktop.js";

it.each([
  ["at a desktop", "linux", { DISPLAY: ":0" }, true],
  ["at one of Wayland", "linux", { WAYLAND_DISPLAY: "wayland-0" }, true],
  ["in the Windows Subsystem for Linux", "linux", { WSL_DISTRO_NAME: "Debian" }, true],
  ["on macOS", "darwin", {}, true],
  ["on Windows", "win32", {}, true],
  ["without a display", "linux", {}, false],
  ["over SSH, even with a display", "linux", { DISPLAY: ":0", SSH_CONNECTION: "a 1 b 2" }, false],
  ["over SSH to macOS", "darwin", { SSH_CONNECTION: "a 1 b 2" }, false],
  ["in CI", "linux", { DISPLAY: ":0", CI: "true" }, false],
] as const)(
  "knows whether something opened comes up in front of a person: %s",
  (_where, platform, env, has) => {
    expect(hasDesktop({ platform, env })).toBe(has);
  },
);
