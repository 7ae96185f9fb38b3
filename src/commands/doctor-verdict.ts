import type { Verdict } from "../doctor/findings.js";
import type { Failure } from "../foundation/failures.js";
import { HINTS } from "./hints.js";

/** What `doctor` ends with, for people: who can sign devices in on this homeserver, and how. */
export function describeVerdict(verdict: Verdict, obstacle: Failure | undefined, { host }: URL): string {
  const lines = verdict.sign_in ? describeSignIn(verdict, host) : describeObstacle(obstacle, host);
  return `\n${lines.join("\n")}\n`;
}

function describeObstacle(obstacle: Failure | undefined, host: string): string[] {
  const lines = [`No device can be signed in by QR code on ${host}.`];
  const hint = obstacle && HINTS[obstacle.code];
  return hint === undefined ? lines : [...lines, `  ${hint}`];
}

function describeSignIn(verdict: Verdict, host: string): string[] {
  const { new_device_generates: byNew, existing_device_generates: byExisting } = verdict;
  const generated = [
    `  A new device can generate codes of: ${list(byNew)}`,
    `  An existing device can generate codes of: ${list(byExisting)}`,
  ];
  if (verdict.apps) return [`Devices can be signed in by QR code on ${host}.`, ...generated];
  if (byExisting.length === 0) {
    return [
      `No QR code can be generated on ${host} itself. With the rendezvous session of another server, ` +
        "`generate --rendezvous SERVER` signs a device in here all the same.",
      ...generated,
      `  With Element X, Element Web and other apps: ${notYet(verdict)}`,
    ];
  }
  return [
    `Who can sign devices in by QR code on ${host}:`,
    "  With this program on both devices: yes",
    `  With Element X, Element Web and other apps: ${notYet(verdict)}`,
    ...generated,
  ];
}

/** What was seen until then is on docs/apps.md, and no promise for later. */
function notYet({ setting_for_apps: setting }: Verdict): string {
  const why = "they have the 2024 version alone (seen in November 2026), which can't be used here";
  return setting === undefined
    ? `no; ${why}`
    : `not until the admin has changed this; ${why}\n      ${setting}`;
}

function list(versions: readonly string[]): string {
  return versions.length > 0 ? versions.join(", ") : "nothing";
}
