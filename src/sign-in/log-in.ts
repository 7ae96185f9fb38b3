import type { AccountHomeserver } from "../protocol/homeserver.js";
import { logIn } from "../protocol/log-in.js";
import type { SecretsBundle } from "../protocol/secrets.js";
import { connector, doneEvent, type NewDeviceRequest, signingIn } from "./new-device.js";
import type { SignInWorld } from "./world.js";

/** How the account's secrets get here without another device, as `openSecretStorage` does. */
export type OpenSecrets = (
  account: AccountHomeserver,
  userId: string,
  signal: AbortSignal,
) => Promise<SecretsBundle>;

/**
 * Signs this device in without another one, with a session file and a homeserver on the network: a person consents on
 * a page that any device can open, and the account's secret storage has the keys. What is done then is said by events,
 * and in the session file. Nothing but an expected user stands against somebody else consenting first, in their own name
 * (RFC 8628 §5.4): without one, show the link to one person alone.
 *
 * @param baseUrl the homeserver's; the expected user's own where one is expected
 * @throws {Failure} whatever ended the sign-in, with what became of its tokens
 * @throws {TypeError} where the base URL isn't the expected user's, or that user not what `resolveUserHomeserver` gives
 * @throws the signal's own reason, after the same clean-up
 */
export async function logInThisDevice(
  world: SignInWorld,
  request: NewDeviceRequest,
  baseUrl: URL,
  openSecretStorage: OpenSecrets,
  signal: AbortSignal,
): Promise<void> {
  const connect = await connector(world, request);
  const homeserver = connect(baseUrl);
  const loggedIn = await logIn({ ...signingIn(world, request), homeserver, openSecretStorage }, signal);
  world.emit(doneEvent(loggedIn, request));
}
