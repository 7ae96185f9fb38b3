import { Failure, type FailureCode } from "../foundation/failures.js";
import type { LoginFailure } from "./messages.js";

/** The reasons of `m.login.failure` (MSC4108 §Message reference). */
type FailureReason =
  | "authorization_expired"
  | "device_already_exists"
  | "device_not_found"
  | "unexpected_message_received"
  | "unsupported_protocol"
  | "user_cancelled"
  | "unable_to_open_verification_uri";

const REASON_OF_FAILURE: Partial<Record<FailureCode, FailureReason>> = {
  authorization_expired: "authorization_expired",
  // Of the MSC's reasons the one that is true of the code: it is no longer good.
  authorization_dropped: "authorization_expired",
  device_already_exists: "device_already_exists",
  device_not_found: "device_not_found",
  unexpected_message: "unexpected_message_received",
  unsupported_protocol: "unsupported_protocol",
  homeserver_without_oauth: "unsupported_protocol",
  homeserver_without_device_grant: "unsupported_protocol",
  homeserver_without_registration: "unsupported_protocol",
  unable_to_open_verification_uri: "unable_to_open_verification_uri",
  user_cancelled: "user_cancelled",
  hangup: "user_cancelled",
  interrupted: "user_cancelled",
  terminated: "user_cancelled",
};

/** What to tell the other device. Undefined where no reason of the MSC fits: then it is told nothing. */
export function reasonFor(failure: Failure): string | undefined {
  return failure.details.reason ?? REASON_OF_FAILURE[failure.code];
}

/** By any text that the other device may send: a map, since objects have members that nobody put there. */
const SENTENCES: ReadonlyMap<string, string> = new Map([
  [
    "device_already_exists",
    "The other device says that the account already has a device with this device ID.",
  ],
  ["device_not_found", "The other device couldn't find the new device in the account."],
  ["unexpected_message_received", "The other device received a message that it didn't expect."],
  ["unsupported_protocol", "The other device says that the two know no common way to sign in."],
  ["unable_to_open_verification_uri", "The other device couldn't open the page to approve the sign-in on."],
]);

/** The failure that a received `m.login.failure` is here. */
export function failureOf({ reason, homeserver }: LoginFailure): Failure {
  const details = { reason, ...(homeserver ? { homeserver } : {}) };
  if (reason === "user_cancelled") return new Failure("other_device_cancelled", undefined, details);
  if (reason === "authorization_expired") return new Failure("authorization_expired", undefined, details);
  return new Failure("other_device_failed", SENTENCES.get(reason), details);
}
