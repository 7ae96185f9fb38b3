import { endOf, isCallersAbort } from "../foundation/caller-abort.js";
import { msUntil } from "../foundation/clock.js";
import { Failure } from "../foundation/failures.js";
import { ExpectedUser } from "./expected-user.js";
import type { AccountHomeserver, SignInHomeserver } from "./homeserver.js";
import { NOT_GRANTED, pollUntilDecided } from "./poll-for-consent.js";
import { rememberPublished } from "./remember-published.js";
import { backupField, type SecretsBundle } from "./secrets.js";
import { verifyWithSecrets } from "./self-verification.js";
import { SignInAttempt } from "./sign-in-attempt.js";
import {
  learnUser,
  type SignedInDevice,
  type SigningInDevice,
  startAuthorization,
  warnOfRemains,
} from "./signing-in.js";

/** A device that is signed in without another one's help, and all that it needs from outside. */
export interface LoggingInDevice extends SigningInDevice {
  readonly homeserver: SignInHomeserver;
  /** Who this device must end up as. */
  readonly expectedUser?: ExpectedUser | undefined;
  /** Takes the account's secrets out of its secret storage. */
  readonly openSecretStorage: (
    account: AccountHomeserver,
    userId: string,
    signal: AbortSignal,
  ) => Promise<SecretsBundle>;
}

/**
 * Signs this device in by the device authorization grant alone (RFC 8628), and verifies it with the keys in the
 * account's secret storage, where MSC4108 has another device send them. Nothing but an expected user stands against
 * somebody else consenting first, in their own name (RFC 8628 §5.4): whoever calls this without one has to show the
 * link to one person alone.
 *
 * @returns once /keys/query shows this device as verified, or with deferred device keys once the checked secrets
 *   are on disk
 * @throws {Failure} whatever ended the sign-in, with what became of its tokens
 * @throws {TypeError} where the homeserver is not the expected user's, or that user not what `resolveUserHomeserver` gives
 * @throws the signal's own reason, after the same clean-up
 */
export async function logIn(device: LoggingInDevice, signal: AbortSignal): Promise<SignedInDevice> {
  const { homeserver, expectedUser, deviceId, emit, clock } = device;
  if (expectedUser !== undefined && !ExpectedUser.isGenuine(expectedUser)) {
    throw new TypeError("An expected user is what resolveUserHomeserver gives.");
  }
  if (expectedUser && homeserver.baseUrl.href !== expectedUser.baseUrl.href) {
    throw new TypeError("That is not the expected user's homeserver.");
  }
  const attempt = new SignInAttempt(device);
  try {
    // RFC 8628 §3.1 and §3.2: the device authorization request, and its response
    const authorization = await startAuthorization(device, homeserver, signal);

    // §3.3: the person opens the link, on any device, and sees to it that the page shows the user code
    const { userCode, expiresAt, intervalMs } = authorization;
    const expires_in_ms = msUntil(expiresAt, clock);
    emit({ event: "waiting_for_consent", user_code: userCode, expires_in_ms, interval_ms: intervalMs });

    // §3.4 and §3.5: the token endpoint is asked until the person has decided
    const outcome = await pollUntilDecided(homeserver, authorization, attempt, clock, signal);
    if (outcome !== "granted") throw new Failure(NOT_GRANTED[outcome]);

    // Client-server API, GET /account/whoami: in whose name was that?
    const account = homeserver.signedIn(attempt.tokens, attempt.renewal);
    const userId = await learnUser(device, expectedUser, account, attempt, signal);

    // Client-server API, §Secret storage: the keys that another device would send
    const published = rememberPublished(account);
    const secrets = await device.openSecretStorage(published, userId, signal);
    attempt.noteSecrets();
    emit({ event: "secrets_received", cross_signing: true, ...backupField(secrets) });

    // MSC4108, secret sharing 3: this device signs itself and uploads its keys, or leaves that to another client
    const deviceKeys = await verifyWithSecrets(device, account, userId, secrets, attempt, signal, published);
    return { userId, deviceId, deviceKeys };
  } catch (thrown) {
    const ended = await attempt.undo(endOf(thrown, signal));
    if (!isCallersAbort(thrown, signal)) throw ended;
    warnOfRemains(device, ended);
    throw signal.reason;
  }
}
