import type { Machine } from "../foundation/machine.js";

/** Why nothing that is opened here comes up in front of whoever reads the output. */
export type NoDesktop = "ssh" | "ci" | "no_display";

/** @returns undefined where what is opened comes up */
export function whyNoDesktop({ env, platform }: Pick<Machine, "env" | "platform">): NoDesktop | undefined {
  if (env["SSH_CONNECTION"]) return "ssh";
  if (env["CI"]) return "ci";
  if (platform !== "linux") return undefined;
  // In the Windows Subsystem for Linux the display is that of Windows.
  return env["DISPLAY"] || env["WAYLAND_DISPLAY"] || env["WSL_DISTRO_NAME"] ? undefined : "no_display";
}

/**
 * Hands a link or a file to what opens such things here. That it returns proves nothing: it only was started.
 *
 * @param failed hears of it, perhaps later, where that couldn't be started or says that it has failed
 */
export async function openOnDesktop(target: string, failed: () => void = () => undefined): Promise<void> {
  const { default: open } = await import("open");
  await open(target).then((child) => {
    child.on("error", failed);
    child.on("exit", (code) => {
      if (code) failed();
    });
  }, failed);
}
