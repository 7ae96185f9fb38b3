import type { Verdict } from "../doctor/findings.js";
import { escapeText } from "../foundation/escape-text.js";
import type { Failure } from "../foundation/failures.js";
import { HINTS } from "./hints.js";

/** What `doctor` ends with, for people: who can sign devices in on this homeserver, and how. */
export function describeVerdict(verdict: Verdict, obstacle: Failure | undefined, { host }: URL): string {
  const lines = verdict.sign_in ? describeSignIn(verdict, host) : describeObstacle(obstacle, host);
  return `\n${lines.join("\n")}\n`;
}

function describeObstacle(obstacle: Failure | undefined, host: string): string[] {
  const lines = [`No device can be signed in by QR code on ${host}.`];
  const hint = obstacle && (obstacle.details.hint ?? HINTS[obstacle.code]);
  return hint === undefined ? lines : [...lines, `  ${escapeText(hint, 1_000)}`];
}

function describeSignIn(verdict: Verdict, host: string): string[] {
  const { new_device_generates: byNew, existing_device_generates: byExisting } = verdict;
  const generated = [
    `  A new device can generate codes of: ${list(byNew)}`,
    `  An existing device can generate codes of: ${list(byExisting)}`,
  ];
  if (verdict.apps) return [`Devices can be signed in by QR code on ${host}.`, ...generated, SCANNING_APPS];
  if (byExisting.length === 0) {
    return [
      `No QR code can be generated on ${host} itself. With the rendezvous session of another server, ` +
        "`generate --rendezvous SERVER` signs a device in here all the same.",
      "Without any, `login` signs a device in on a page, and verifies it by recovery key.",
      ...generated,
      ...describeApps(verdict),
    ];
  }
  return [
    `Who can sign devices in by QR code on ${host}:`,
    "  With this program on both devices: yes",
    ...describeApps(verdict),
    ...generated,
  ];
}

/** What was seen until then is on docs/apps.md; it is no promise for later. */
const SCANNING_APPS =
  "  Element X scans a code only with an option of its developer settings on (seen in August 2026).";

function describeApps({ setting_for_apps: setting }: Verdict): string[] {
  const why = "they have the 2024 version alone (seen in November 2026), which can't be used here";
  const who = "  With Element X, Element Web and other apps:";
  if (setting === undefined) return [`${who} no, ${why}.`];
  return [`${who} not until the admin changes it: ${why}.`, `      ${setting}`];
}

function list(versions: readonly string[]): string {
  return versions.length > 0 ? versions.join(", ") : "nothing";
}
