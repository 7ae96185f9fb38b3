import type { ChannelVersion } from "../foundation/events.js";
import type { Failure } from "../foundation/failures.js";
import type { Trap, TrialStep } from "./traps.js";

/** What is looked at, in this order. The names are stable: `check` in the events of `doctor --json`. */
export type Check =
  | "homeserver"
  | "oauth"
  | "device_authorization_grant"
  | "client_registration"
  | "device_authorization"
  | "verification_uri_complete"
  | "rendezvous_msc4388"
  | "rendezvous_msc4108_2024";

/** `limited`: it works, but not for everybody or not as well as it could. */
export type State = "ok" | "limited" | "missing";

export interface Finding {
  readonly event: "check";
  readonly check: Check;
  readonly state: State;
  /** What was found, for people; what a server said in it is escaped. */
  readonly message: string;
  /** What the admin of this server can set to change it. */
  readonly setting?: string;
  /** Of `homeserver`: which server it is, as it says itself. */
  readonly software?: string;
  readonly software_version?: string;
  /** Of rendezvous sessions: what their deployment does to them, and what of a trial failed. */
  readonly trap?: Trap;
  readonly failed?: readonly TrialStep[];
}

/** What follows from the findings for a person. */
export interface Verdict {
  readonly event: "verdict";
  /** Whether a device can be signed in by QR code at all, once two devices have met somewhere. */
  readonly sign_in: boolean;
  /** Versions of the code that a device which isn't signed in can generate here. */
  readonly new_device_generates: readonly ChannelVersion[];
  readonly existing_device_generates: readonly ChannelVersion[];
  /** Whether that holds for released apps, all of which have the 2024 version alone (docs/apps.md). */
  readonly apps: boolean;
  /** Where it holds for this program alone: what the admin can set for apps. */
  readonly setting_for_apps?: string;
}

/** All that was found out about a homeserver. */
export interface Diagnosis {
  readonly findings: readonly Finding[];
  readonly verdict: Verdict;
  /** What a sign-in would fail with here, once two devices have met somewhere. */
  readonly obstacle?: Failure;
}

/** Without these no device can be signed in. */
const NEEDED: readonly Check[] = [
  "homeserver",
  "oauth",
  "device_authorization_grant",
  "client_registration",
  "device_authorization",
];

export function verdictOf(findings: readonly Finding[]): Verdict {
  const found = (check: Check) => findings.find((finding) => finding.check === check);
  const isThere = (check: Check) => (found(check)?.state ?? "missing") !== "missing";
  const msc4388 = found("rendezvous_msc4388")?.state;
  // It is never limited to devices that are signed in, unlike MSC4388.
  const versions2024 = isThere("rendezvous_msc4108_2024") ? (["msc4108-2024"] as const) : [];
  const sign_in = NEEDED.every(isThere);
  const apps = sign_in && versions2024.length > 0;
  const setting = found("rendezvous_msc4108_2024")?.setting;
  return {
    event: "verdict",
    sign_in,
    new_device_generates: [...(msc4388 === "ok" ? (["msc4388"] as const) : []), ...versions2024],
    existing_device_generates: [
      ...(isThere("rendezvous_msc4388") ? (["msc4388"] as const) : []),
      ...versions2024,
    ],
    apps,
    ...(sign_in && !apps && setting !== undefined ? { setting_for_apps: setting } : {}),
  };
}
