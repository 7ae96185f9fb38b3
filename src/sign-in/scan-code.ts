import { msUntil } from "../foundation/clock.js";
import type { Dialect, Intent } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import type { InitiatingChannel } from "../protocol/channel.js";
import { ALL_DIALECTS } from "../protocol/dialects.js";
import { initiateEciesChannel } from "../protocol/ecies-channel.js";
import { initiateSecureChannel } from "../protocol/establishment.js";
import { initiateHpkeChannel } from "../protocol/hpke-channel.js";
import { msc4108Messages, msc4388Messages } from "../protocol/messages.js";
import type { SignInQrCode, SignInQrCode2024, SignInQrPayload } from "../protocol/qr-code.js";
import type { InsecureChannel, SecureChannel } from "../protocol/secure-channel.js";
import { deleteSessions } from "./delete-sessions.js";
import { joinMsc4108, joinMsc4388 } from "./join-session.js";
import type { SignInWorld } from "./world.js";

/** A scanned code's rendezvous session, looked at and not yet written to. */
export interface Meeting {
  readonly insecure: InsecureChannel;
  /** This device's end of the channel, which is made while other things are asked. */
  readonly initiating: Promise<InitiatingChannel>;
}

export interface ScanCode<Role extends Intent> {
  /** Which device this is: the other one than the QR code's intent says. */
  readonly as: Role;
  readonly dialect: Dialect | "auto";
}

/**
 * Meets the device whose QR code was scanned, and makes the channel secure. What is left to do is that the
 * person types the check code there, which the other device waits for before it does anything.
 *
 * @throws {Failure} `wrong_intent`, `url_refused`, `rendezvous_expired`, `concurrent_write`,
 *   `message_not_authentic`, `homeserver_without_rendezvous`, and what the rendezvous session throws
 * @throws the signal's reason
 */
export async function scanCode<Role extends Intent>(
  world: SignInWorld,
  code: SignInQrPayload,
  { as, dialect }: ScanCode<Role>,
  signal: AbortSignal,
): Promise<SecureChannel<Role>> {
  checkIntent(code, as);
  return secureMeeting(world, as, await meet(world, code, dialect, signal), signal);
}

/**
 * The first half of `scanCode`: looks at the rendezvous session of a code, by GET requests and nothing else.
 *
 * @throws {Failure} and the signal's reason, as `scanCode` does
 */
export function meet(
  world: SignInWorld,
  code: SignInQrPayload,
  dialect: Dialect | "auto",
  signal: AbortSignal,
): Promise<Meeting> {
  return code.channel === "msc4388"
    ? meetMsc4388(world, code, dialect, signal)
    : meetMsc4108(world, code, signal);
}

/**
 * The second half of `scanCode`.
 *
 * @throws {Failure} and the signal's reason, as `scanCode` does
 */
export async function secureMeeting<Role extends Intent>(
  { clock, emit }: SignInWorld,
  as: Role,
  { insecure, initiating }: Meeting,
  signal: AbortSignal,
): Promise<SecureChannel<Role>> {
  const { channel } = insecure.session;
  try {
    const secure = await initiateSecureChannel(as, insecure, initiating, signal);
    const { dialect: found, checkCode, alternative } = secure;
    emit({ event: "secure_channel", channel, ...(found ? { dialect: found } : {}) });
    const expires_in_ms = msUntil(secure.channel.expiresAt, clock);
    emit({
      event: "check_code",
      check_code: checkCode,
      ...(alternative ? { alternative } : {}),
      expires_in_ms,
    });
    return secure.channel;
  } catch (thrown) {
    await deleteSessions([insecure.session], clock);
    throw thrown;
  }
}

async function meetMsc4388(
  world: SignInWorld,
  code: SignInQrCode,
  dialect: Dialect | "auto",
  signal: AbortSignal,
): Promise<Meeting> {
  const { intent, channel, publicKey } = code;
  const { clock, emit, urlPolicy } = world;
  emit({ event: "scanned", intent, channel, base_url: urlPolicy.check(code.baseUrl).href });
  const dialects = dialect === "auto" ? ALL_DIALECTS : ([dialect] as const);
  const session = await joinMsc4388(world, code, signal);
  const initiating = initiateHpkeChannel(publicKey, session.additionalData, { dialects });
  return meeting({ session, clock, messages: msc4388Messages }, initiating);
}

async function meetMsc4108(
  world: SignInWorld,
  code: SignInQrCode2024,
  signal: AbortSignal,
): Promise<Meeting> {
  const { intent, channel, publicKey } = code;
  const { clock, emit, urlPolicy } = world;
  emit({
    event: "scanned",
    intent,
    channel,
    base_url: new URL("/", urlPolicy.check(code.rendezvousUrl)).href,
  });
  const session = await joinMsc4108(world, code, signal);
  return meeting({ session, clock, messages: msc4108Messages }, initiateEciesChannel(publicKey));
}

function meeting(insecure: InsecureChannel, initiating: Promise<InitiatingChannel>): Meeting {
  // A key that is none is told of by the second half, which deletes the session.
  initiating.catch(() => undefined);
  return { insecure, initiating };
}

/**
 * Refuses a code that this device, in its part, can't go on with.
 *
 * @throws {Failure} `wrong_intent`
 */
export function checkIntent(code: { readonly intent: Intent }, as: Intent): void {
  if (code.intent !== as) return;
  if (as === "existing") {
    const message = "This QR code is from a device that is already signed in, as this one is.";
    throw new Failure("wrong_intent", message);
  }
  const message = "This QR code is from a device that wants to be signed in, as this one does.";
  throw new Failure("wrong_intent", message);
}
