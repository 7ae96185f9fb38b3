import { matrixError } from "../http/answers.js";
import type { Call } from "../http/router.js";
import type { Session, SessionStore } from "../oauth/sessions.js";

/**
 * The session whose access token a request bears.
 *
 * @throws {Refusal} 401 `M_MISSING_TOKEN` or `M_UNKNOWN_TOKEN`
 */
export type Authenticate = (call: Pick<Call, "headers">) => Session;

export function authenticator(sessions: SessionStore): Authenticate {
  return ({ headers }) => {
    const token = headers.authorization?.match(/^Bearer +(\S+)$/i)?.[1];
    if (token === undefined) throw matrixError(401, "M_MISSING_TOKEN", "The access token is missing.");
    const session = sessions.authenticate(token);
    // `false` even for a token that has expired: Synapse with MAS says no better.
    if (!session) {
      throw matrixError(401, "M_UNKNOWN_TOKEN", "The access token is not valid, or no longer valid.", {
        soft_logout: false,
      });
    }
    return session;
  };
}
