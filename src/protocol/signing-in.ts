import type { Clock } from "../foundation/clock.js";
import { escapeText } from "../foundation/escape-text.js";
import type { Emit } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import { isSameUser } from "../foundation/identifiers.js";
import type { DevicePrivateKeys } from "./device-keys.js";
import type { ExpectedUser } from "./expected-user.js";
import type { AccountHomeserver, DeviceAuthorization, SignInHomeserver } from "./homeserver.js";
import type { SessionFile, SignInAttempt } from "./sign-in-attempt.js";

/** What a sign-in by the device authorization grant is, whether or not another device helps with it. */

/** The device that wants to be signed in, and what it needs from outside in any case. */
export interface SigningInDevice {
  readonly deviceId: string;
  /** Undefined where the device keys are left to the client that takes the session over. */
  readonly identityKeys: DevicePrivateKeys | undefined;
  readonly sessionFile: SessionFile;
  /** The public master cross-signing key that the account must have, unpadded base64. */
  readonly expectedMasterKey?: string | undefined;
  /** Keep the session when the secrets never come. */
  readonly keepUnverified: boolean;
  readonly emit: Emit;
  readonly clock: Clock;
}

/** Who is signed in now, and whether the device keys are up or left to another client. */
export interface SignedInDevice {
  readonly userId: string;
  readonly deviceId: string;
  readonly deviceKeys: "uploaded" | "deferred";
}

/** Asks for a device authorization (RFC 8628 §3.1 and §3.2), and tells where the person may grant it. */
export async function startAuthorization(
  { deviceId, emit }: Pick<SigningInDevice, "deviceId" | "emit">,
  homeserver: SignInHomeserver,
  signal: AbortSignal,
): Promise<DeviceAuthorization> {
  const issuer = await homeserver.checkCapabilities(signal);
  emit({ event: "homeserver", base_url: homeserver.baseUrl.href, issuer });
  const authorization = await homeserver.startDeviceAuthorization(deviceId, signal);
  emit({ event: "verification", ...verificationUris(authorization), user_code: authorization.userCode });
  return authorization;
}

/** The links of a device authorization, named as events and MSC4108 name them. */
export function verificationUris({ verificationUri, verificationUriComplete }: DeviceAuthorization) {
  return {
    verification_uri: verificationUri,
    ...(verificationUriComplete === undefined ? {} : { verification_uri_complete: verificationUriComplete }),
  };
}

/** MSC4108 §Shoulder-surfing to sign in to attacker account: who this device is now, before anyone is told. */
export async function learnUser(
  { deviceId, emit }: Pick<SigningInDevice, "deviceId" | "emit">,
  expectedUser: ExpectedUser | undefined,
  account: AccountHomeserver,
  attempt: SignInAttempt,
  signal: AbortSignal,
): Promise<string> {
  const whoami = await account.whoami(signal);
  if (expectedUser && !isSameUser(whoami.userId, expectedUser.userId)) throw new Failure("unexpected_user");
  if (whoami.deviceId !== undefined && whoami.deviceId !== deviceId) throw otherId(deviceId, whoami.deviceId);
  await attempt.keep({ userId: whoami.userId });
  const { userId } = whoami;
  emit({ event: "signed_in", user_id: userId, device_id: deviceId, base_url: account.baseUrl.href });
  return userId;
}

/** Where an expected user pins the homeserver, another one that was named is not asked. */
export function warnOfIgnored(emit: Emit, claim: string, expectedUser: ExpectedUser): void {
  if (expectedUser.agreesWith(claim)) return;
  const { host } = expectedUser.baseUrl;
  const message = `${escapeText(claim)} was named as the homeserver, but the expected user's is ${host}.`;
  emit({ event: "warning", code: "homeserver_ignored", message });
}

/** Under an ID that nobody asked for, neither the existing device nor the device keys would fit. */
function otherId(asked: string, got: string): Failure {
  if (!asked.startsWith(got)) {
    return new Failure("server_error", "The homeserver signed this device in under a different device ID.");
  }
  const message = `The homeserver cut the device ID ${escapeText(asked, 255)} to ${escapeText(got, 255)}.`;
  return new Failure("device_id_cut", message);
}

/** A reason that a caller gave for aborting has no room for what couldn't be undone. */
export function warnOfRemains({ emit }: Pick<SigningInDevice, "emit">, { details }: Failure): void {
  const { cleanup = "none", deviceId, session } = details;
  if (cleanup === "none" ? session === undefined : cleanup === "revoked") return;
  const where = session === undefined ? "" : ` See the session file ${escapeText(session, 1000)}.`;
  const message = `Device ${escapeText(deviceId ?? "")} may still be signed in.${where}`;
  emit({ event: "warning", code: "left_behind", message });
}
