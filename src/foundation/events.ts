import type { Cleanup } from "./failures.js";

/**
 * Everything that is told while the program runs. This is the contract of `--json`, field names included,
 * and the plain and the interactive display are drawn from the same values. Keys are unpadded base64, times
 * RFC 3339, durations milliseconds. No event ever holds a secret or a token.
 */

/** Which of its two sides a device is on in a sign-in. */
export const INTENTS = ["new", "existing"] as const;
export type Intent = (typeof INTENTS)[number];

/** The versions of the secure channel: MSC4388's, and the one of MSC4108's 2024 text. */
export const CHANNEL_VERSIONS = ["msc4388", "msc4108-2024"] as const;
export type ChannelVersion = (typeof CHANNEL_VERSIONS)[number];

/** The readings of MSC4388 that differ on the wire: its text, and the releases of vodozemac. */
export const DIALECT_NAMES = ["msc", "vodozemac-0.11.1", "vodozemac-0.11.0"] as const;
export type Dialect = (typeof DIALECT_NAMES)[number];

export interface Started {
  event: "started";
  version: string;
  role: Intent;
  /** No other device helps: `login`. */
  alone?: true;
  contract: 1;
}
interface RendezvousCreated {
  event: "rendezvous_created";
  base_url: string;
  expires_in_ms: number;
  expires_at: string;
  channel: ChannelVersion;
}
/** A QR code to show. Comes again when it is renewed: the newest of each channel is current. */
export interface Qr {
  event: "qr";
  /** The code's bytes, as unpadded base64. */
  payload: string;
  /** The generator's role. */
  intent: Intent;
  channel: ChannelVersion;
  expires_in_ms: number;
  expires_at: string;
  file?: string;
}
interface Scanned {
  event: "scanned";
  intent: Intent;
  channel: ChannelVersion;
  base_url: string;
}
/** S: LoginOk opened. G: the check code was accepted. */
interface SecureChannelReady {
  event: "secure_channel";
  channel: ChannelVersion;
  dialect?: Dialect;
}
export interface CheckCodeShown {
  event: "check_code";
  check_code: string;
  /** What an older release on the other side would compute. */
  alternative?: string;
  /** Of S: until the rendezvous session ends. */
  expires_in_ms?: number;
}
interface CheckCodeRequired {
  event: "check_code_required";
  expires_in_ms: number;
  attempts_left: number;
}
interface CheckCodeRejected {
  event: "check_code_rejected";
  attempts_left: number;
}
interface HomeserverLearned {
  event: "homeserver";
  base_url: string;
  issuer: string;
}
export interface Verification {
  event: "verification";
  verification_uri: string;
  verification_uri_complete?: string;
  /** Only the new device is told it. */
  user_code?: string;
  /** Of the existing device: until the rendezvous session ends. */
  expires_in_ms?: number;
}
interface BrowserOpened {
  event: "browser";
  opened: boolean;
  /** What it was handed to; printing it counts. */
  by?: "printing" | "system_browser" | "command";
}
interface WaitingForConsent {
  event: "waiting_for_consent";
  user_code: string;
  expires_in_ms: number;
  interval_ms: number;
}
interface SignedIn {
  event: "signed_in";
  user_id: string;
  device_id: string;
  base_url: string;
}
interface DeviceOnline {
  event: "device_online";
  device_id: string;
}
interface SecretsSent {
  event: "secrets_sent";
  cross_signing: boolean;
  backup_version?: string;
}
interface SecretsReceived {
  event: "secrets_received";
  cross_signing: boolean;
  backup_version?: string;
}
/** After /keys/query said so. */
interface Verified {
  event: "verified";
  device_id: string;
}
export interface Warning {
  event: "warning";
  code: string;
  message: string;
}
export interface Done {
  event: "done";
  role: Intent;
  user_id: string;
  device_id: string;
  /** Only of the new device; false while its device keys are deferred. */
  verified?: boolean;
  /** Only of the new device: whether its keys are up, or left to the client that takes the session over. */
  device_keys?: "uploaded" | "deferred";
  /** Path of the new device's session file. */
  session?: string;
}
export interface FailureEvent {
  event: "failure";
  code: string;
  message: string;
  hint?: string;
  /** The MSC's failure reason, where one was sent or received. */
  reason?: string;
  homeserver?: string;
  exit_code: number;
  cleanup: Cleanup;
  device_id?: string;
  session?: string;
}

export type LoginEvent =
  | Started
  | RendezvousCreated
  | Qr
  | Scanned
  | SecureChannelReady
  | CheckCodeShown
  | CheckCodeRequired
  | CheckCodeRejected
  | HomeserverLearned
  | Verification
  | BrowserOpened
  | WaitingForConsent
  | SignedIn
  | DeviceOnline
  | SecretsSent
  | SecretsReceived
  | Verified
  | Warning
  | Done
  | FailureEvent;

export type Emit = (event: LoginEvent) => void;
