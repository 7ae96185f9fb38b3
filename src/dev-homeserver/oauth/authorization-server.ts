import { BrowserSessions } from "../consent/browser-sessions.js";
import type { Pages } from "../consent/pages.js";
import { type Account, consentRoutes } from "../consent/routes.js";
import type { Given, Routes } from "../http/router.js";
import type { Decision, Settings } from "../options.js";
import { ClientStore, registrationRoutes } from "./clients.js";
import { type DeviceAuthorization, DeviceAuthorizationStore } from "./device-authorizations.js";
import {
  type DeviceDirectory,
  deviceAuthorizationRoutes,
  type OAuthServer,
  tokenRoutes,
} from "./endpoints.js";
import { DEVICE_CODE, metadataRoutes, type OAuthFeatures } from "./metadata.js";
import { SessionStore } from "./sessions.js";

export interface AuthorizationServerOptions {
  readonly issuer: URL;
  /** Who can consent. */
  readonly account: Account;
  readonly devices: DeviceDirectory;
  readonly pages: Pages;
  readonly settings: Settings;
}

/** The tokens of a session in the portable form that `session import` takes. */
export interface PortableTokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_at: string;
  readonly token_lifetime_ms: number;
  readonly oauth: { readonly issuer: string; readonly client_id: string };
}

/** An OAuth 2.0 authorization server with a consent page, whatever homeserver it is for. */
export class AuthorizationServer {
  readonly sessions: SessionStore;
  readonly #options: AuthorizationServerOptions;
  readonly #clients = new ClientStore();
  readonly #authorizations: DeviceAuthorizationStore;
  readonly #browsers: BrowserSessions;
  readonly #closing = new AbortController();

  constructor(options: AuthorizationServerOptions) {
    const { clock, authorizationLifetimeMs, intervalMs, behaviour } = options.settings;
    this.#options = options;
    this.sessions = new SessionStore(clock, behaviour.oauth);
    this.#authorizations = new DeviceAuthorizationStore(
      clock,
      authorizationLifetimeMs,
      intervalMs,
      behaviour.oauth,
    );
    this.#browsers = new BrowserSessions(clock, options.issuer.port);
  }

  /** @param features what it can do; as in its settings by default */
  routes(features: OAuthFeatures = this.#options.settings): Routes<Given> {
    const { issuer, account, devices, pages, settings } = this.#options;
    const server: OAuthServer = {
      issuer,
      clients: this.#clients,
      authorizations: this.#authorizations,
      sessions: this.sessions,
      devices,
      verificationUriComplete: features.verificationUriComplete,
      accessTokenLifetimeMs: settings.accessTokenLifetimeMs,
      authorizationLifetimeMs: settings.authorizationLifetimeMs,
      behaviour: settings.behaviour.oauth,
      onAuthorization: (authorization) => {
        // It rejects only when the server closes.
        this.#consentByItself(authorization).catch(() => {});
      },
    };
    return {
      ...metadataRoutes(issuer, features),
      ...tokenRoutes(server),
      ...(features.registration && registrationRoutes(this.#clients, features, settings.behaviour.oauth)),
      ...(features.deviceGrant && {
        ...deviceAuthorizationRoutes(server),
        ...consentRoutes(account, this.#authorizations, this.#browsers, pages),
      }),
    };
  }

  /** Signs a device in without asking anybody, as a client that was consented to long ago. */
  startSession(deviceId: string): PortableTokens {
    const { issuer, settings } = this.#options;
    const { clientId } = this.#clients.register({
      client_name: "Existing device",
      client_uri: "https://matrix-qr-login.example/",
      token_endpoint_auth_method: "none",
      grant_types: [DEVICE_CODE, "refresh_token"],
    });
    const { accessToken, refreshToken = "" } = this.sessions.start(
      { deviceId, clientId },
      settings.accessTokenLifetimeMs,
      true,
    );
    return {
      access_token: accessToken,
      refresh_token: refreshToken,
      expires_at: new Date(settings.clock.date().getTime() + settings.accessTokenLifetimeMs).toISOString(),
      token_lifetime_ms: settings.accessTokenLifetimeMs,
      oauth: { issuer: issuer.href, client_id: clientId },
    };
  }

  /**
   * Answers a consent page.
   *
   * @returns false for a user code that is unknown or has expired, or that nobody can consent to
   */
  decide(userCode: string, decision: Decision): boolean {
    const authorization = this.#authorizations.findByUserCode(userCode);
    return authorization !== undefined && this.#authorizations.decide(authorization, decision);
  }

  /**
   * Makes the time to consent be over.
   *
   * @returns false for a user code that is unknown or has expired already
   */
  expire(userCode: string): boolean {
    const authorization = this.#authorizations.findByUserCode(userCode);
    if (authorization) this.#authorizations.expire(authorization);
    return authorization !== undefined;
  }

  /** From now on it consents to nothing by itself. */
  close(): void {
    this.#closing.abort();
  }

  async #consentByItself(authorization: DeviceAuthorization): Promise<void> {
    const { clock, autoConsent, autoConsentDelayMs } = this.#options.settings;
    if (!autoConsent) return;
    await clock.sleep(autoConsentDelayMs, this.#closing.signal);
    this.#authorizations.decide(authorization, autoConsent);
  }
}
