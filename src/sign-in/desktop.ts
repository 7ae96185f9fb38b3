import type { Machine } from "../foundation/machine.js";

/** Whether what is opened here comes up in front of whoever reads the output: not over SSH, in CI or without a display. */
export function hasDesktop({ env, platform }: Pick<Machine, "env" | "platform">): boolean {
  if (env["SSH_CONNECTION"] || env["CI"]) return false;
  if (platform !== "linux") return true;
  // In the Windows Subsystem for Linux the display is that of Windows.
  return Boolean(env["DISPLAY"] || env["WAYLAND_DISPLAY"] || env["WSL_DISTRO_NAME"]);
}

/** Hands a link or a file to what opens such things here. A success proves nothing: it only was started. */
export async function openOnDesktop(target: string): Promise<void> {
  const { default: open } = await import("open");
  await open(target).then(
    (child) => child.on("error", () => undefined),
    () => undefined,
  );
}
