import { endOf, isCallersAbort } from "../foundation/caller-abort.js";
import { type Clock, msUntil } from "../foundation/clock.js";
import type { Emit } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import { checkCrossSigningSecrets, isDeviceVerified } from "./cross-signing.js";
import type { AccountHomeserver } from "./homeserver.js";
import { DEVICE_AUTHORIZATION_GRANT, type LoginProtocol } from "./messages.js";
import { backupField, type SecretsBundle } from "./secrets.js";
import { SecureChannel } from "./secure-channel.js";
import { waitUntilShown } from "./wait-until-shown.js";
import { whileWatching } from "./while-watching.js";

/** The device that is signed in already, and all that it needs from outside. */
export interface ExistingDevice {
  readonly userId: string;
  readonly homeserver: AccountHomeserver;
  readonly secrets: SecretsBundle;
  /** Throws a Failure `url_refused` for a link that must not be opened. */
  readonly checkLink: (link: string) => URL;
  /** Shows the link to the person or opens it. False where it can't be opened. */
  readonly openLink: (link: URL, signal: AbortSignal) => Promise<boolean>;
  /** What `openLink` hands it to. */
  readonly opensBy?: "printing" | "system_browser" | "command";
  readonly emit: Emit;
  readonly clock: Clock;
}

/**
 * Checks, before any QR code is shown or scanned, that there is something to share and that it is the
 * account's (MSC4108 §Discoverability of the capability).
 *
 * @throws {Failure} `cross_signing_missing`, `secrets_mismatch`
 */
export async function checkExistingDevice(
  { homeserver, userId, secrets }: Pick<ExistingDevice, "homeserver" | "userId" | "secrets">,
  signal: AbortSignal,
): Promise<void> {
  checkCrossSigningSecrets(userId, secrets.cross_signing, await homeserver.queryKeys(userId, signal));
}

/**
 * Helps a new device to sign in, over a channel that is secure (MSC4108 §Login via OAuth 2.0 device
 * authorization flow and §Secret sharing and device verification).
 *
 * @param announceHomeserver step 1, for the device that scanned: it sends `m.login.protocols`
 * @returns the new device's ID, once it was seen online and the secrets were sent
 * @throws {Failure} whatever ended the sign-in; the other device was told, or the session deleted
 * @throws {TypeError} for a channel that is a new device's: nobody may have typed its check code
 * @throws the signal's own reason, after the same clean-up
 */
export async function helpNewDevice(
  device: ExistingDevice,
  channel: SecureChannel<"existing">,
  announceHomeserver: (channel: SecureChannel<"existing">, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<{ readonly deviceId: string }> {
  const end: SecureChannel = channel;
  if (!SecureChannel.isFor(end, "existing")) return end.refuse("This channel is not an existing device's.");
  try {
    // 1. Homeserver discovery
    await announceHomeserver(channel, signal);

    // 3. The new device says which protocol it wants to use
    const request = await channel.receive(["m.login.protocol"], "machine", signal);

    // 4. The existing device checks device_id and accepts the protocol
    await acceptProtocol(device, request, channel.expiresAt, signal);
    await channel.send({ type: "m.login.protocol_accepted" }, signal);

    // 5. and 6. The person consents, the new device waits
    const outcome = await channel.receive(["m.login.success", "m.login.declined"], "person", signal);
    if (outcome.type === "m.login.declined") throw new Failure("consent_declined");

    // Secret sharing 1. The new device has indeed signed in, and is still there
    const deviceId = request.device_id;
    await whileWatching(
      (watched) => channel.watch(watched),
      (watched) => waitUntilOnline(device, deviceId, watched),
      signal,
    );
    device.emit({ event: "device_online", device_id: deviceId });

    // Secret sharing 2. The secrets
    await sendSecrets(device, channel, deviceId, signal);
    return { deviceId };
  } catch (thrown) {
    const failure = endOf(thrown, signal);
    const reason = await channel.abandon(failure);
    if (isCallersAbort(thrown, signal)) throw signal.reason;
    throw reason === undefined ? failure : failure.with({ reason });
  }
}

async function acceptProtocol(
  { homeserver, checkLink, openLink, opensBy, emit, clock }: ExistingDevice,
  { protocol, device_authorization_grant: grant, device_id: deviceId }: LoginProtocol,
  channelExpiresAt: number,
  signal: AbortSignal,
): Promise<void> {
  if (protocol !== DEVICE_AUTHORIZATION_GRANT) throw new Failure("unsupported_protocol");
  if (!grant) throw new Failure("unexpected_message");
  const link = checkVerificationLink(checkLink, grant.verification_uri);
  const completeLink = grant.verification_uri_complete
    ? checkVerificationLink(checkLink, grant.verification_uri_complete)
    : undefined;
  if (await homeserver.deviceExists(deviceId, signal)) throw new Failure("device_already_exists");
  // What is shown is what is opened, whatever else a URL parser makes of the text.
  emit({
    event: "verification",
    verification_uri: link.href,
    ...(completeLink ? { verification_uri_complete: completeLink.href } : {}),
    expires_in_ms: msUntil(channelExpiresAt, clock),
  });
  const opened = await openLink(completeLink ?? link, signal);
  emit({ event: "browser", opened, ...(opensBy ? { by: opensBy } : {}) });
  if (!opened) throw new Failure("unable_to_open_verification_uri");
}

/** A refused link is a security failure here, and to the other device one that can't be opened. */
function checkVerificationLink(checkLink: ExistingDevice["checkLink"], link: string): URL {
  try {
    return checkLink(link);
  } catch (thrown) {
    throw Failure.from(thrown).with({ reason: "unable_to_open_verification_uri" });
  }
}

/**
 * Where it can't be known whether the message came, since whoever reads it deletes the session, the device shows it:
 * with the secrets it verifies itself.
 */
async function sendSecrets(
  device: ExistingDevice,
  channel: SecureChannel<"existing">,
  deviceId: string,
  signal: AbortSignal,
): Promise<void> {
  const { secrets, emit } = device;
  const sent = await channel.send({ type: "m.login.secrets", ...secrets }, signal).then(
    () => ({ isKnown: true }),
    async (thrown: unknown) => {
      const isUnknown = thrown instanceof Failure && thrown.code === "delivery_unknown";
      if (isUnknown && (await waitUntilVerified(device, deviceId, signal))) return { isKnown: false };
      throw thrown;
    },
  );
  emit({ event: "secrets_sent", cross_signing: true, ...backupField(secrets) });
  if (sent.isKnown) await channel.awaitReceipt(signal);
}

/** @returns false also where the homeserver can't be asked */
async function waitUntilVerified(
  { userId, homeserver, clock }: ExistingDevice,
  deviceId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const isShown = async () =>
    isDeviceVerified(userId, deviceId, undefined, await homeserver.queryKeys(userId, signal));
  return waitUntilShown(isShown, clock, signal).catch(() => {
    signal.throwIfAborted();
    return false;
  });
}

async function waitUntilOnline(
  { homeserver, clock }: ExistingDevice,
  deviceId: string,
  signal: AbortSignal,
): Promise<void> {
  const isOnline = await waitUntilShown(() => homeserver.deviceExists(deviceId, signal), clock, signal);
  if (!isOnline) throw new Failure("device_not_found");
}
