import { Failure } from "../foundation/failures.js";
import type { AccountHomeserver } from "../protocol/homeserver.js";
import type { PortableSession } from "./session-file.js";

/**
 * Asks the homeserver whose access token this is. Another user's is a matter of security, since the secrets beside
 * it are handed on in that user's name; another device's only means that the file was put together wrongly.
 *
 * @throws {Failure} `session_dead`; `unexpected_user`; `session_invalid` when the token is another device's
 */
export async function checkOwner(
  session: PortableSession,
  homeserver: Pick<AccountHomeserver, "whoami">,
  signal: AbortSignal,
): Promise<void> {
  const { userId, deviceId } = await homeserver.whoami(signal);
  if (userId !== session.user_id) {
    throw new Failure(
      "unexpected_user",
      "The access token belongs to a different user than the session says.",
      {
        hint: "Don't use this session before you know where it is from.",
      },
    );
  }
  if (deviceId !== undefined && deviceId !== session.device_id) {
    throw new Failure(
      "session_invalid",
      "The access token belongs to a different device than the session says.",
    );
  }
}
