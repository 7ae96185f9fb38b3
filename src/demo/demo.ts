import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type DevHomeserver, startDevHomeserver } from "../dev-homeserver/dev-homeserver.js";
import { createPrivateFile } from "../files/private-file.js";
import type { Clock } from "../foundation/clock.js";
import type { Intent, LoginEvent } from "../foundation/events.js";
import type { DemoDisplay } from "./demo-display.js";
import { type DeviceProcess, type Program, startDevice } from "./device-process.js";

/** An embedded homeserver with a session on disk, for both devices to work with. */
export interface DemoStage {
  readonly homeserver: DevHomeserver;
  /** The existing device's session file. */
  readonly existingSession: string;
  readonly newSession: string;
  /** Where the new device writes its QR code. */
  readonly qrFile: string;
}

/**
 * Sets the stage in a folder of its own, and clears it away whatever happens.
 *
 * @param parent where that folder is made
 */
export async function withDemoStage<T>(
  clock: Clock,
  parent: string,
  autoConsent: boolean,
  play: (stage: DemoStage) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(parent, "matrix-qr-login-demo-"));
  try {
    const homeserver = await startDevHomeserver({ clock, ...(autoConsent ? { autoConsent: "allow" } : {}) });
    try {
      const existingSession = join(folder, "existing.json");
      await createPrivateFile(existingSession, JSON.stringify(homeserver.existingSession));
      const newSession = join(folder, "new.json");
      return await play({ homeserver, existingSession, newSession, qrFile: join(folder, "qr.png") });
    } finally {
      await homeserver.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Plays both parts: the new device generates the code, the existing one scans its picture, the check code is
 * carried over, and the homeserver consents by itself.
 *
 * @returns the first exit code that isn't 0, or 0
 */
export async function playDemo(
  { homeserver, existingSession, newSession, qrFile }: DemoStage,
  program: Program,
  display: DemoDisplay,
  signal: AbortSignal,
): Promise<number> {
  const devices: Partial<Record<Intent, DeviceProcess>> = {};
  const start = (device: Intent, args: readonly string[]) => {
    const started = startDevice(program, args, (event) => {
      display.show(device, event);
      react(device, event);
    });
    devices[device] = started;
    return started.ended;
  };
  let scanned: Promise<number> | undefined;
  const react = (device: Intent, event: LoginEvent) => {
    if (signal.aborted) return;
    if (event.event === "qr") {
      display.narrate("the existing device scans the code");
      scanned = start("existing", ["scan", qrFile, "--session", existingSession, "--yes", "--no-browser"]);
    }
    if (event.event === "check_code" && device === "existing") {
      display.narrate(`somebody types ${event.check_code} on the new device`);
      devices.new?.type(event.check_code);
    }
    if (event.event === "browser") display.narrate("somebody approves on that page");
  };
  const stop = () => {
    for (const device of Object.values(devices)) device.stop();
  };
  signal.addEventListener("abort", stop, { once: true });
  const url = homeserver.baseUrl.href;
  const generated = await start("new", [
    // Without a channel it would warn that apps can't read the code, and there is none here.
    ...["generate", "--homeserver", url, "--channel", "msc4388", "--check-code", "stdin"],
    ...["--session", newSession, "--qr-file", qrFile, "--device-name", "Demo bot"],
  ]);
  const codes = [generated, (await scanned) ?? 0];
  signal.throwIfAborted();
  return codes.find((code) => code !== 0) ?? 0;
}
