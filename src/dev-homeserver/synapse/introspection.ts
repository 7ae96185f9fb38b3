import * as v from "valibot";
import type { Secret } from "../../foundation/secret.js";
import { json, oauthError } from "../http/answers.js";
import { formBody } from "../http/bodies.js";
import { isSameText } from "../http/is-same-text.js";
import type { Routes } from "../http/router.js";

const IntrospectionRequest = v.object({ token: v.string() });

/** Whose an access token is. */
export interface TokenOwner {
  readonly localpart: string;
  readonly deviceId: string;
  /** Seconds; absent for a token that doesn't expire. */
  readonly expiresIn?: number;
}

/**
 * Token introspection (RFC 7662) as Synapse asks Matrix Authentication Service for it: with the secret that both
 * share as bearer, and the device in the scope (Synapse's synapse/api/auth/mas.py).
 */
export function introspectionRoutes(
  secret: Secret,
  ownerOf: (accessToken: string) => TokenOwner | undefined,
): Routes {
  return {
    "POST /oauth2/introspect": ({ headers, body }) => {
      const bearer = headers.authorization?.match(/^Bearer +(\S+)$/i)?.[1];
      if (bearer === undefined || !isSameText(bearer, secret.reveal())) {
        throw oauthError(401, "invalid_client", "Only the homeserver may ask, with the shared secret.");
      }
      const owner = ownerOf(formBody(IntrospectionRequest, body).token);
      if (!owner) return json(200, { active: false });
      const { localpart, deviceId, expiresIn } = owner;
      return json(200, {
        active: true,
        token_type: "access_token",
        username: localpart,
        sub: localpart,
        scope: `urn:matrix:client:api:* urn:matrix:client:device:${deviceId}`,
        expires_in: expiresIn,
      });
    },
  };
}
