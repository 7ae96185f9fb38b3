import type { Readable } from "node:stream";
import * as v from "valibot";
import { Failure } from "../foundation/failures.js";
import type { Secret } from "../foundation/secret.js";
import { createAccountHomeserver } from "../homeserver/account-homeserver.js";
import { Token } from "../homeserver/token-schema.js";
import type { HttpClient } from "../network/http.js";
import { readSource, unusableSession } from "./files.js";
import type { PortableSession } from "./session-file.js";

/**
 * Reads an access token from a file, a pipe, or with `-` from stdin. White space around it means nothing.
 *
 * @throws {Failure} `session_invalid`, which quotes nothing; `file_error`; the signal's reason
 */
export async function readAccessToken(source: string, stdin: Readable, signal: AbortSignal): Promise<Secret> {
  const { text, origin } = await readSource(source, stdin, signal);
  const parsed = v.safeParse(Token, text.trim());
  // What no token starts with: it is a session, which is imported as such.
  if (!parsed.success || text.trim().startsWith("{")) {
    throw unusableSession(origin, "it holds no access token and nothing else");
  }
  return parsed.output;
}

/**
 * The session of a device of which only the access token is known, so that it can't be refreshed.
 *
 * @throws {Failure} `session_dead` for a token that isn't good; `session_invalid` for one of no device; what the
 *   HTTP client throws
 */
export async function sessionOfToken(
  accessToken: Secret,
  baseUrl: URL,
  http: HttpClient,
  signal: AbortSignal,
): Promise<PortableSession> {
  const accessTokens = {
    current: async () => accessToken,
    renew: async () => {
      throw new Failure("session_dead", "The homeserver doesn't accept the access token.");
    },
  };
  const { userId, deviceId } = await createAccountHomeserver({ baseUrl, http, accessTokens }).whoami(signal);
  if (deviceId === undefined) throw new Failure("session_invalid", "The access token belongs to no device.");
  return { base_url: baseUrl.href, user_id: userId, device_id: deviceId, access_token: accessToken };
}
