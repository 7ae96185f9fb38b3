import type { ChannelVersion } from "../foundation/events.js";
import { Failure, type FailureCode } from "../foundation/failures.js";

/** What is looked at, in this order. The names are stable: `check` in the events of `doctor --json`. */
export type Check =
  | "homeserver"
  | "oauth"
  | "device_authorization_grant"
  | "client_registration"
  | "verification_uri_complete"
  | "rendezvous_msc4388"
  | "rendezvous_msc4108_2024";

/** `limited`: it works, but not for everybody or not as well as it could. */
export type State = "ok" | "limited" | "missing";

export interface Finding {
  readonly event: "check";
  readonly check: Check;
  readonly state: State;
  /** What was found, in one sentence. */
  readonly message: string;
  /** The setting of Synapse or Matrix Authentication Service that changes it. */
  readonly setting?: string;
}

/** What follows from the findings for a person. */
export interface Verdict {
  readonly event: "verdict";
  /** Whether a device can be signed in by QR code at all, once two devices have met somewhere. */
  readonly sign_in: boolean;
  /** Versions of the code that a device which isn't signed in can generate here. */
  readonly new_device_generates: readonly ChannelVersion[];
  readonly existing_device_generates: readonly ChannelVersion[];
}

/** Where a check that isn't `ok` is put right. */
export const SETTINGS: Readonly<Partial<Record<Check, string>>> = {
  oauth: "Synapse: matrix_authentication_service.enabled: true, with Matrix Authentication Service beside it",
  device_authorization_grant: "Matrix Authentication Service: oauth.device_code_grant_enabled: true",
  client_registration: "Matrix Authentication Service: policy.data.client_registration",
  verification_uri_complete:
    "Matrix Authentication Service: oauth.device_code_user_code_auto_fill_enabled: true",
  rendezvous_msc4388: "Synapse: experimental_features.msc4388_mode: open (or authenticated)",
  rendezvous_msc4108_2024: "Synapse: experimental_features.msc4108_enabled: true",
};

/** Where sessions of the 2024 version are made, and can't be used. */
export const BROKEN_BY_PROXY =
  "The reverse proxy: pass /_synapse/client/rendezvous on to Synapse, and ETag headers through unchanged; " +
  "Synapse: public_baseurl";

/** Without these no device can be signed in; and what a sign-in fails with that lacks one. */
const NEEDED: readonly (readonly [Check, FailureCode])[] = [
  ["oauth", "homeserver_without_oauth"],
  ["device_authorization_grant", "homeserver_without_device_grant"],
  ["client_registration", "homeserver_without_registration"],
];

function stateIn(findings: readonly Finding[], check: Check): State {
  return findings.find((finding) => finding.check === check)?.state ?? "missing";
}

/** What a sign-in would fail with on this homeserver, once two devices have met somewhere. */
export function obstacleIn(findings: readonly Finding[]): Failure | undefined {
  const lacking = NEEDED.find(([check]) => stateIn(findings, check) === "missing");
  return lacking && new Failure(lacking[1]);
}

export function verdictOf(findings: readonly Finding[]): Verdict {
  const versions: readonly (readonly [ChannelVersion, Check])[] = [
    ["msc4388", "rendezvous_msc4388"],
    ["msc4108-2024", "rendezvous_msc4108_2024"],
  ];
  const generates = (states: readonly State[]) =>
    versions.flatMap(([version, check]) => (states.includes(stateIn(findings, check)) ? [version] : []));
  return {
    event: "verdict",
    sign_in: obstacleIn(findings) === undefined,
    new_device_generates: generates(["ok"]),
    existing_device_generates: generates(["ok", "limited"]),
  };
}
