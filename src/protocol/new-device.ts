import { endOf, isCallersAbort } from "../foundation/caller-abort.js";
import { msUntil } from "../foundation/clock.js";
import { FAILURES } from "../foundation/failure-table.js";
import { Failure } from "../foundation/failures.js";
import { ExpectedUser } from "./expected-user.js";
import type { DeviceAuthorization, SignInHomeserver } from "./homeserver.js";
import { DEVICE_AUTHORIZATION_GRANT } from "./messages.js";
import { NOT_GRANTED, pollUntilDecided } from "./poll-for-consent.js";
import { rememberPublished } from "./remember-published.js";
import { backupField } from "./secrets.js";
import { SecureChannel } from "./secure-channel.js";
import { verifyWithSecrets } from "./self-verification.js";
import { SignInAttempt } from "./sign-in-attempt.js";
import {
  learnUser,
  type SignedInDevice,
  type SigningInDevice,
  startAuthorization,
  verificationUris,
  warnOfIgnored,
  warnOfRemains,
} from "./signing-in.js";
import { whileAsking } from "./while-asking.js";
import { whileWatching } from "./while-watching.js";

/** A server name or a base URL, as the QR code or the other device names it: nothing is believed of it. */
export type HomeserverClaim = string;

/** Step 1 of MSC4108: learns what is claimed to be the account's homeserver, by whatever says so. */
export type LearnHomeserver = (
  channel: SecureChannel<"new">,
  signal: AbortSignal,
) => Promise<HomeserverClaim>;

/** The device that wants to be signed in with another one's help, and all that it needs from outside. */
export interface NewDevice extends SigningInDevice {
  /** Finds the base URL that a claim about the homeserver leads to. Not asked where a user is expected. */
  readonly resolveHomeserver: (claim: HomeserverClaim, signal: AbortSignal) => Promise<URL>;
  /** Gives the homeserver at this base URL, and at no other. */
  readonly connect: (baseUrl: URL) => SignInHomeserver;
  /** Who this device must end up as. A channel without a typed check code brings its own. */
  readonly expectedUser?: ExpectedUser | undefined;
}

/**
 * Signs this device in with the help of another one, over a channel that is secure (MSC4108 §Login via OAuth
 * 2.0 device authorization flow and §Secret sharing and device verification).
 *
 * @param learnHomeserver step 1: what the QR code or `m.login.protocols` says
 * @returns once /keys/query shows this device as verified, or with deferred device keys once the checked secrets
 *   are on disk
 * @throws {Failure} whatever ended the sign-in, with what became of its tokens; the other device was told, or
 *   the rendezvous session deleted
 * @throws {TypeError} for a channel that was confirmed for another role or user
 * @throws the signal's own reason, after the same clean-up
 */
export async function signInAsNewDevice(
  device: NewDevice,
  channel: SecureChannel<"new">,
  learnHomeserver: LearnHomeserver,
  signal: AbortSignal,
): Promise<SignedInDevice> {
  const expectedUser = await expectedUserOf(device, channel);
  const attempt = new SignInAttempt(device);
  try {
    // 1. Homeserver discovery
    const claim = await learnHomeserver(channel, signal);
    const homeserver = connect(device, await chooseHomeserver(device, expectedUser, claim, signal));

    // 2. The new device checks if it can use an available protocol
    const authorization = await startAuthorization(device, homeserver, signal);

    // 3. It informs the existing device that it wants to use the device authorization grant
    await channel.send(loginProtocol(device, authorization), signal);

    // 4. The existing device accepts, and opens the verification URI
    await channel.receive(["m.login.protocol_accepted"], "machine", signal);

    // 5. and 6. The person consents, the new device waits for approval
    await waitForConsent(device, channel, homeserver, authorization, attempt, signal);
    const account = homeserver.signedIn(attempt.tokens, attempt.renewal);
    const userId = await learnUser(device, expectedUser, account, attempt, signal);

    await channel.send({ type: "m.login.success" }, signal);

    // Secret sharing 1. and 2. The existing device sees this one online, and sends the secrets. Meanwhile the homeserver
    // is asked what they will be held to
    const published = rememberPublished(account);
    const secrets = await whileAsking(
      (asked) => Promise.all([published.queryKeys(userId, asked), published.backupVersion(asked)]),
      () => channel.receive(["m.login.secrets"], "machine", signal),
      signal,
    );
    attempt.noteSecrets();
    device.emit({ event: "secrets_received", cross_signing: true, ...backupField(secrets) });

    // Secret sharing 3. The new device signs itself and uploads its keys, or leaves that to another client
    const { cross_signing, backup } = secrets;
    const bundle = { cross_signing, backup };
    const deviceKeys = await verifyWithSecrets(device, account, userId, bundle, attempt, signal, published);
    await channel.deleted();
    return { userId, deviceId: device.deviceId, deviceKeys };
  } catch (thrown) {
    const failure = endOf(thrown, signal);
    const [ended, reason] = await Promise.all([attempt.undo(failure), channel.abandon(failure)]);
    if (isCallersAbort(thrown, signal)) {
      warnOfRemains(device, ended);
      throw signal.reason;
    }
    throw reason === undefined ? ended : ended.with({ reason });
  }
}

/** Types keep a channel to its role, and the way past its check code to its user, as far as types reach. */
async function expectedUserOf(
  device: NewDevice,
  channel: SecureChannel<"new">,
): Promise<ExpectedUser | undefined> {
  const end: SecureChannel = channel;
  if (!SecureChannel.isFor(end, "new")) return end.refuse("This channel is not a new device's.");
  const expectedUser = SecureChannel.expectedUserOf(end) ?? device.expectedUser;
  if (expectedUser !== undefined && !ExpectedUser.isGenuine(expectedUser)) {
    return end.refuse("An expected user is what resolveUserHomeserver gives.");
  }
  if (device.expectedUser !== undefined && device.expectedUser.userId !== expectedUser?.userId) {
    return end.refuse("This channel was confirmed for another user.");
  }
  return expectedUser;
}

/** Where a user is expected, nothing at all is asked of another homeserver, whatever is claimed. */
async function chooseHomeserver(
  { resolveHomeserver, emit }: NewDevice,
  expectedUser: ExpectedUser | undefined,
  claim: HomeserverClaim,
  signal: AbortSignal,
): Promise<URL> {
  if (!expectedUser) return resolveHomeserver(claim, signal);
  warnOfIgnored(emit, claim, expectedUser);
  return expectedUser.baseUrl;
}

function connect(device: NewDevice, baseUrl: URL): SignInHomeserver {
  const homeserver = device.connect(baseUrl);
  if (homeserver.baseUrl.href === baseUrl.href) return homeserver;
  throw new Error("A homeserver was connected to that is not the one to ask.");
}

function loginProtocol({ deviceId }: NewDevice, authorization: DeviceAuthorization) {
  return {
    type: "m.login.protocol",
    protocol: DEVICE_AUTHORIZATION_GRANT,
    device_authorization_grant: verificationUris(authorization),
    device_id: deviceId,
  } as const;
}

/**
 * Waits until the person has decided, while the rendezvous session is looked after: a device that lost its
 * helper must not be signed in.
 */
async function waitForConsent(
  { emit, clock }: NewDevice,
  channel: SecureChannel,
  homeserver: SignInHomeserver,
  authorization: DeviceAuthorization,
  attempt: SignInAttempt,
  signal: AbortSignal,
): Promise<void> {
  const { expiresAt, userCode, intervalMs } = authorization;
  // The wait ends with the rendezvous session too, and that is mostly the first to go.
  const expires_in_ms = msUntil(Math.min(expiresAt, channel.expiresAt), clock);
  emit({ event: "waiting_for_consent", user_code: userCode, expires_in_ms, interval_ms: intervalMs });

  const outcome = await whileWatching(
    (watched) => channel.watch(watched),
    (watched) => pollUntilDecided(homeserver, authorization, attempt, clock, watched),
    signal,
  ).catch((thrown: unknown) => {
    throw isExpiry(thrown) ? thrown.with({ hint: FAILURES.authorization_expired.hint }) : thrown;
  });
  if (outcome === "declined") {
    await channel.sendFinal({ type: "m.login.declined" }, signal).catch(() => undefined);
  }
  if (outcome !== "granted") throw new Failure(NOT_GRANTED[outcome]);
}

/**
 * The rendezvous session is mostly the first to expire where nobody consents, be it that nobody can: a consent
 * page that refuses, like that of Matrix Authentication Service where an account has as many devices as it may,
 * is not told to this device, to which the consent stays pending.
 */
function isExpiry(thrown: unknown): thrown is Failure {
  return thrown instanceof Failure && thrown.code === "rendezvous_expired";
}
