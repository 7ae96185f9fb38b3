import { Failure } from "../foundation/failures.js";
import type { Secret } from "../foundation/secret.js";
import { sideBySide } from "../foundation/side-by-side.js";
import type { Network } from "../network/network.js";
import type {
  AccountHomeserver,
  DeviceAuthorization,
  Renewal,
  SignInHomeserver,
  TokenPoll,
  Tokens,
} from "../protocol/homeserver.js";
import { whileAsking } from "../protocol/while-asking.js";
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

/**
 * A homeserver that can be asked for what every sign-in takes before it is known that there will be one. What fails of it
 * is asked again where it is needed.
 */
export interface AskableHomeserver extends SignInHomeserver {
  /** Asks for the metadata, which leaves nothing behind. */
  lookAhead(signal: AbortSignal): void;
  /** Registers the client, where one has to be, with what `lookAhead` has found. */
  registerAhead(signal: AbortSignal): void;
}

export function createSignInHomeserver(options: SignInHomeserverOptions): AskableHomeserver {
  return new OAuthSignIn(options);
}

interface Capabilities extends DeviceGrantMetadata {
  /** Of the specification. They are needed later, and may come later. */
  readonly versions: Promise<readonly string[]>;
}

interface Started {
  readonly server: DeviceGrantMetadata["server"];
  readonly clientId: string;
  readonly grant: DeviceGrant;
}

class OAuthSignIn implements AskableHomeserver {
  readonly baseUrl: URL;
  readonly #options: SignInHomeserverOptions;
  /** What was asked ahead; undefined where it wasn't, or failed. */
  #capabilitiesAhead: Promise<Capabilities | undefined> = Promise.resolve(undefined);
  #clientIdAhead: Promise<string | undefined> = Promise.resolve(undefined);
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

  lookAhead(signal: AbortSignal): void {
    this.#capabilitiesAhead = this.#askCapabilities(signal).catch(() => undefined);
  }

  registerAhead(signal: AbortSignal): void {
    const register = async () => {
      const capabilities = await this.#capabilitiesAhead;
      return capabilities && this.#askClientId(capabilities, signal);
    };
    this.#clientIdAhead = register().catch(() => undefined);
  }

  async checkCapabilities(signal: AbortSignal): Promise<string> {
    this.#capabilities = (await this.#capabilitiesAhead) ?? (await this.#askCapabilities(signal));
    return this.#capabilities.server.issuer;
  }

  async startDeviceAuthorization(deviceId: string, signal: AbortSignal): Promise<DeviceAuthorization> {
    this.#capabilities ??= await this.#askCapabilities(signal);
    const capabilities = this.#capabilities;
    const { server, isUnstable } = capabilities;
    const [clientId, versions] = await sideBySide<[string, readonly string[]]>(
      [
        async (both) => (await this.#clientIdAhead) ?? this.#askClientId({ server }, both),
        (both) => capabilities.versions.catch(() => fetchVersions(this.#options.http, this.baseUrl, both)),
      ],
      signal,
    );
    const scope = deviceScope(deviceId, isUnstable || !isAtLeast(versions, STABLE_SCOPES_SINCE_MINOR));
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

  signedIn(tokens: Tokens, renewal: Renewal): AccountHomeserver {
    const { baseUrl, oauthClient } = this;
    const refresh = (refreshToken: Secret, signal: AbortSignal) =>
      refreshTokens(this.#options, { baseUrl, ...oauthClient }, refreshToken, signal);
    const accessTokens = new SignInTokens(tokens, refresh, renewal);
    return createAccountHomeserver({ baseUrl, http: this.#options.http, accessTokens });
  }

  async #askCapabilities(signal: AbortSignal): Promise<Capabilities> {
    const { http, clientId } = this.#options;
    let versions: Capabilities["versions"] = Promise.resolve([]);
    const metadata = await whileAsking(
      (beside) => {
        versions = fetchVersions(http, this.baseUrl, beside);
        return versions;
      },
      () => requireDeviceGrant(this.#options, this.baseUrl, signal),
      signal,
    );
    if (metadata.server.registration_endpoint === undefined && clientId === undefined) {
      throw new Failure("homeserver_without_registration");
    }
    return { ...metadata, versions };
  }

  async #askClientId({ server }: Pick<Capabilities, "server">, signal: AbortSignal): Promise<string> {
    const { http, clientName, clientId } = this.#options;
    return clientId ?? registerClient(http, server, clientName, signal);
  }

  #running(): Started {
    if (!this.#started) throw new Error("No device authorization was started.");
    return this.#started;
  }
}
