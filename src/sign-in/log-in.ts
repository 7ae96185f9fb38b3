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
 * and in the session file.
 *
 * @param baseUrl the homeserver's; the expected user's own where one is expected
 * @throws {Failure} whatever ended the sign-in, with what became of its tokens
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
  const homeserver = connect(request.expectedUser?.baseUrl ?? baseUrl);
  const loggedIn = await logIn({ ...signingIn(world, request), homeserver, openSecretStorage }, signal);
  world.emit(doneEvent(loggedIn, request));
}
