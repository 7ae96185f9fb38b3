import type { Verdict } from "../doctor/findings.js";
import { escapeText } from "../foundation/escape-text.js";
import type { ChannelVersion } from "../foundation/events.js";
import type { Failure } from "../foundation/failures.js";
import { shellWord } from "../foundation/shell-word.js";
import { withProgram } from "../foundation/with-program.js";
import { HINTS } from "./hints.js";

interface Telling {
  /** How this program is started from a shell. */
  readonly program: string;
  /** Names what the protocol calls things, too. */
  readonly verbose?: boolean | undefined;
}

/** What `doctor` ends with, for people: who can sign devices in on this homeserver, and how. */
export function describeVerdict(
  verdict: Verdict,
  obstacle: Failure | undefined,
  baseUrl: URL,
  telling: Telling,
): string {
  const lines = verdict.sign_in
    ? describeSignIn(verdict, baseUrl, telling)
    : describeObstacle(obstacle, baseUrl, telling);
  return `\n${lines.join("\n")}\n`;
}

function describeObstacle(obstacle: Failure | undefined, { host }: URL, { program }: Telling): string[] {
  const lines = [`No device can be signed in by QR code on ${host}.`];
  const hint = obstacle && (obstacle.details.hint ?? HINTS[obstacle.code]);
  return hint === undefined ? lines : [...lines, `  ${withProgram(escapeText(hint, 1_000), program)}`];
}

function describeSignIn(verdict: Verdict, { host, href }: URL, { program, verbose }: Telling): string[] {
  const { new_device_generates: byNew, existing_device_generates: byExisting } = verdict;
  const list = (versions: readonly ChannelVersion[]) =>
    versions.map((version) => nameOf(version, verbose)).join(", ") || "none";
  const shown = [
    `  Codes that a new device can show: ${list(byNew)}`,
    `  Codes that a signed-in device can show: ${list(byExisting)}`,
  ];
  if (verdict.apps) return [`Devices can be signed in by QR code on ${host}.`, ...shown, SCANNING_APPS];
  if (byExisting.length === 0) {
    return [
      `No device can show a QR code on ${host} itself. With another server's help it can, and is signed in here all the same:`,
      `  ${program} generate --rendezvous OTHER_SERVER --homeserver ${shellWord(href)}`,
      "Without any code, this signs a device in on a page, and verifies it by recovery key:",
      `  ${program} login --homeserver ${shellWord(href)}`,
      ...shown,
      ...describeApps(verdict),
    ];
  }
  return [
    `Who can sign devices in by QR code on ${host}:`,
    "  With this program on both devices: yes",
    ...describeApps(verdict),
    ...shown,
  ];
}

function nameOf(version: ChannelVersion, verbose: boolean | undefined): string {
  const isForApps = version === "msc4108-2024";
  const notes = [...(isForApps ? ["for apps"] : []), ...(verbose ? [version] : [])];
  const name = isForApps ? "the older version" : "the newer version";
  return notes.length === 0 ? name : `${name} (${notes.join(", ")})`;
}

/** What was seen until then is on docs/apps.md; it is no promise for later. */
const SCANNING_APPS =
  "  Element X scans a code only with an option of its developer settings on (seen in August 2026).";

function describeApps({ setting_for_apps: setting }: Verdict): string[] {
  const why = "they read the older version alone (seen in November 2026), which can't be shown here";
  const who = "  With Element X, Element Web and other apps:";
  if (setting === undefined) return [`${who} no, ${why}.`];
  return [`${who} not until the admin changes it: ${why}.`, `      ${setting}`];
}
