import * as v from "valibot";
import type { OAuthBehaviour } from "../behaviour.js";
import { json, oauthError } from "../http/answers.js";
import { formBody } from "../http/bodies.js";
import type { Given, Routes } from "../http/router.js";
import type { ClientStore } from "./clients.js";
import type { DeviceAuthorization, DeviceAuthorizationStore, Poll } from "./device-authorizations.js";
import { DEVICE_CODE } from "./metadata.js";
import { parseScope } from "./scopes.js";
import type { IssuedTokens, Session, SessionStore } from "./sessions.js";

const ClientId = v.object({ client_id: v.string() });
const DeviceRequest = v.object({ client_id: v.string(), scope: v.string() });
const TokenRequest = v.object({ client_id: v.string(), grant_type: v.string() });
const DeviceTokenRequest = v.object({ device_code: v.string() });
const RefreshRequest = v.object({ refresh_token: v.string() });
const RevocationRequest = v.object({ token: v.string() });

/**
 * Where the homeserver keeps the account's devices. It is told before a client gets an answer, and may take its
 * time: what is given back is awaited.
 */
export interface DeviceDirectory {
  /** Asked only where the behaviour is to refuse a device ID that is known. */
  has(deviceId: string): boolean;
  /** A device of that ID may be there already. */
  add(deviceId: string, displayName: string | undefined): unknown;
  /** A device of that ID may be gone already. */
  remove(deviceId: string): unknown;
}

export interface OAuthServer {
  readonly issuer: URL;
  readonly clients: ClientStore;
  readonly authorizations: DeviceAuthorizationStore;
  readonly sessions: SessionStore;
  readonly devices: DeviceDirectory;
  readonly verificationUriComplete: boolean;
  readonly accessTokenLifetimeMs: number;
  readonly authorizationLifetimeMs: number;
  readonly behaviour: OAuthBehaviour;
  /** Called for each device authorization that starts. */
  readonly onAuthorization: (authorization: DeviceAuthorization) => void;
}

/** The device authorization endpoint (RFC 8628 §3.1). */
export function deviceAuthorizationRoutes(server: OAuthServer): Routes {
  return {
    "POST /oauth2/device": (call) => {
      const client = requireClient(server, call.body);
      if (!client.metadata.grant_types.includes(DEVICE_CODE)) {
        throw oauthError(400, "unauthorized_client", "The client did not register for this grant.");
      }
      const scope = parseScope(formBody(DeviceRequest, call.body).scope, server.behaviour);
      if (!server.behaviour.takesKnownDeviceIds && server.devices.has(scope.deviceId)) {
        throw oauthError(400, "invalid_scope", "There is a device with that ID.");
      }
      const authorization = server.authorizations.start(client, scope);
      server.onAuthorization(authorization);
      const link = new URL("link", server.issuer);
      const linkWithCode = new URL(link);
      linkWithCode.searchParams.set("code", authorization.userCode);
      return json(200, {
        device_code: authorization.deviceCode,
        user_code: authorization.userCode,
        verification_uri: link.href,
        ...(server.verificationUriComplete && { verification_uri_complete: linkWithCode.href }),
        expires_in: Math.floor(server.authorizationLifetimeMs / 1000),
        ...(server.behaviour.tellsInterval && { interval: Math.ceil(authorization.intervalMs / 1000) }),
      });
    },
  };
}

/** The token endpoint (RFC 6749 §3.2, RFC 8628 §3.4) and the revocation endpoint (RFC 7009). */
export function tokenRoutes(server: OAuthServer): Routes<Given> {
  return {
    "POST /oauth2/token": async (call) => {
      const { grant_type } = formBody(TokenRequest, call.body);
      const { clientId, metadata } = requireClient(server, call.body);
      if (grant_type === "refresh_token") {
        const { refresh_token } = formBody(RefreshRequest, call.body);
        const tokens = server.sessions.refresh(refresh_token, clientId);
        const isStolen = tokens === "reused_too_late";
        if (isStolen) await endSession(server, server.sessions.findByToken(refresh_token));
        if (!tokens || isStolen)
          throw oauthError(400, "invalid_grant", "The refresh token is not valid, or no longer valid.");
        return tokenAnswer(tokens);
      }
      if (grant_type !== DEVICE_CODE) {
        throw oauthError(400, "unsupported_grant_type", "There is no such grant here.");
      }
      const { device_code } = formBody(DeviceTokenRequest, call.body);
      const poll = server.authorizations.poll(device_code, clientId);
      if (typeof poll === "string") {
        throw oauthError(pollStatus(poll, server.behaviour), poll, POLL_DESCRIPTIONS[poll]);
      }
      const { deviceId, text } = poll.scope;
      try {
        await server.devices.add(deviceId, metadata.client_name);
      } catch (error) {
        // No token was issued, so that the next poll may have one.
        poll.redeemed = false;
        throw error;
      }
      const tokens = server.sessions.start(
        { deviceId, clientId },
        server.accessTokenLifetimeMs,
        metadata.grant_types.includes("refresh_token"),
      );
      return tokenAnswer(tokens, text);
    },

    /** Either token ends the whole session, as with MAS. What is no token is revoked already (§2.2). */
    "POST /oauth2/revoke": async (call) => {
      const { token } = formBody(RevocationRequest, call.body);
      const { clientId } = requireClient(server, call.body);
      const session = server.sessions.findByToken(token);
      if (!session && !server.behaviour.revokesUnknownTokens) {
        throw oauthError(400, "invalid_grant", "The token is not known.");
      }
      if (session && session.clientId !== clientId) {
        throw oauthError(400, "unauthorized_client", "The token belongs to another client.");
      }
      await endSession(server, session);
      return json(200, {});
    },
  };
}

async function endSession({ sessions, devices }: OAuthServer, session: Session | undefined): Promise<void> {
  if (session && sessions.end(session)) await devices.remove(session.deviceId);
}

/** RFC 8628 §3.5 has 400 for all of them. */
function pollStatus(error: Exclude<Poll, object>, { pollStatus, tooEarly }: OAuthBehaviour): number {
  if (error === "slow_down" && tooEarly !== "tolerated") return tooEarly;
  return error === "invalid_grant" ? 400 : pollStatus;
}

const POLL_DESCRIPTIONS = {
  authorization_pending: "Nobody has answered the consent page yet.",
  slow_down: "This was asked too early: wait 5 seconds more each time.",
  access_denied: "The sign-in was declined on the consent page.",
  expired_token: "Nobody consented in time.",
  invalid_grant: "The device code is unknown, was used already, or belongs to another client.",
} as const;

function requireClient({ clients }: OAuthServer, body: Uint8Array) {
  const client = clients.get(formBody(ClientId, body).client_id);
  if (!client) throw oauthError(401, "invalid_client", "The client is not registered.");
  return client;
}

function tokenAnswer(tokens: IssuedTokens, scope?: string) {
  return json(200, {
    access_token: tokens.accessToken,
    token_type: "Bearer",
    expires_in: tokens.expiresIn,
    refresh_token: tokens.refreshToken,
    scope,
  });
}
