import { Failure } from "../foundation/failures.js";
import type { Secret } from "../foundation/secret.js";
import type { Network } from "../network/network.js";
import type {
  AccountHomeserver,
  DeviceAuthorization,
  SignInHomeserver,
  TokenPoll,
  Tokens,
} from "../protocol/homeserver.js";
import { createAccountHomeserver } from "./account-homeserver.js";
import { DeviceGrant } from "./device-grant.js";
import { type DeviceGrantMetadata, requireDeviceGrant } from "./metadata.js";
import { deviceScope, registerClient } from "./oauth-client.js";
import { revokeAt } from "./revocation.js";
import { SignInTokens } from "./sign-in-tokens.js";
import { refreshTokens } from "./tokens.js";
import { fetchVersions, isAtLeast } from "./versions.js";

/** The version of the specification that has the scopes under stable names. */
const STABLE_SCOPES_SINCE_MINOR = 15;

export interface SignInHomeserverOptions extends Network {
  readonly baseUrl: URL;
  /** What the consent page calls this program. */
  readonly clientName: string;
  /** A client that is registered already; without one, this program registers itself. */
  readonly clientId?: string | undefined;
}

export function createSignInHomeserver(options: SignInHomeserverOptions): SignInHomeserver {
  return new OAuthSignIn(options);
}

interface Capabilities {
  readonly server: DeviceGrantMetadata["server"];
  readonly hasUnstableScopes: boolean;
}

interface Started {
  readonly server: DeviceGrantMetadata["server"];
  readonly clientId: string;
  readonly grant: DeviceGrant;
}

class OAuthSignIn implements SignInHomeserver {
  readonly baseUrl: URL;
  readonly #options: SignInHomeserverOptions;
  #capabilities: Capabilities | undefined;
  #started: Started | undefined;

  constructor(options: SignInHomeserverOptions) {
    this.baseUrl = options.baseUrl;
    this.#options = options;
  }

  get oauthClient(): { readonly issuer: string; readonly clientId: string } {
    const { server, clientId } = this.#running();
    return { issuer: server.issuer, clientId };
  }

  async checkCapabilities(signal: AbortSignal): Promise<string> {
    this.#capabilities = await this.#askCapabilities(signal);
    return this.#capabilities.server.issuer;
  }

  async startDeviceAuthorization(deviceId: string, signal: AbortSignal): Promise<DeviceAuthorization> {
    const { http, clientName } = this.#options;
    this.#capabilities ??= await this.#askCapabilities(signal);
    const { server, hasUnstableScopes } = this.#capabilities;
    const clientId = this.#options.clientId ?? (await registerClient(http, server, clientName, signal));
    const scope = deviceScope(deviceId, hasUnstableScopes);
    const grant = await DeviceGrant.start(this.#options, { server, clientId, deviceId, scope }, signal);
    this.#started = { server, clientId, grant };
    return grant.authorization;
  }

  pollForTokens(signal: AbortSignal): Promise<TokenPoll> {
    return this.#running().grant.poll(signal);
  }

  revoke(tokens: Tokens, signal: AbortSignal): Promise<boolean> {
    const { server, clientId } = this.#running();
    return revokeAt(this.#options.http, server, { baseUrl: this.baseUrl, clientId }, tokens, signal);
  }

  signedIn(tokens: Tokens, save: (tokens: Tokens) => Promise<void>): AccountHomeserver {
    const { baseUrl, oauthClient } = this;
    const refresh = (refreshToken: Secret, signal: AbortSignal) =>
      refreshTokens(this.#options, { baseUrl, ...oauthClient }, refreshToken, signal);
    const accessTokens = new SignInTokens(tokens, refresh, save);
    return createAccountHomeserver({ baseUrl, http: this.#options.http, accessTokens });
  }

  async #askCapabilities(signal: AbortSignal): Promise<Capabilities> {
    const { http, clientId } = this.#options;
    const done = new AbortController();
    const both = AbortSignal.any([signal, done.signal]);
    try {
      const [{ server, isUnstable }, versions] = await Promise.all([
        requireDeviceGrant(this.#options, this.baseUrl, both),
        fetchVersions(http, this.baseUrl, both),
      ]);
      if (server.registration_endpoint === undefined && clientId === undefined) {
        throw new Failure("homeserver_without_registration");
      }
      const knowsStableScopes = isAtLeast(versions, STABLE_SCOPES_SINCE_MINOR);
      return { server, hasUnstableScopes: isUnstable || !knowsStableScopes };
    } finally {
      // Where one of the two failed, nobody waits for the other.
      done.abort();
    }
  }

  #running(): Started {
    if (!this.#started) throw new Error("No device authorization was started.");
    return this.#started;
  }
}
