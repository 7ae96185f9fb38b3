import { matrixError } from "../http/answers.js";
import type { Call } from "../http/router.js";
import type { Session, SessionStore } from "../oauth/sessions.js";

/**
 * The session whose access token a request bears.
 *
 * @throws {Refusal} 401 `M_MISSING_TOKEN` or `M_UNKNOWN_TOKEN`
 */
export type Authenticate = (call: Pick<Call, "headers">) => Session;

/** @param softLogout whether a token that has expired is told from one that never was good */
export function authenticator(sessions: SessionStore, softLogout: boolean): Authenticate {
  return ({ headers }) => {
    const token = headers.authorization?.match(/^Bearer +(\S+)$/i)?.[1];
    if (token === undefined) throw matrixError(401, "M_MISSING_TOKEN", "The access token is missing.");
    const session = sessions.authenticate(token);
    // Synapse with MAS says `false` of a token that has expired, too.
    if (!session) {
      throw matrixError(401, "M_UNKNOWN_TOKEN", "The access token is not valid, or no longer valid.", {
        soft_logout: softLogout && sessions.hasExpired(token),
      });
    }
    return session;
  };
}
