import { randomBytes } from "node:crypto";
import { Secret } from "../../foundation/secret.js";
import { generateDeviceId } from "../../protocol/device-keys.js";
import { pagesOf } from "../consent/pages.js";
import { type Account, noticeRoutes } from "../consent/routes.js";
import type { DevHomeserver, ExistingSession } from "../dev-homeserver.js";
import { type Given, Router } from "../http/router.js";
import { HttpServer, urlAt } from "../http/server.js";
import { AuthorizationServer } from "../oauth/authorization-server.js";
import type { DeviceDirectory } from "../oauth/endpoints.js";
import { metadataRoutes, type OAuthFeatures } from "../oauth/metadata.js";
import { type DevHomeserverOptions, withDefaults } from "../options.js";
import { newPassword } from "../seed.js";
import { type PostAsDevice, type PutAsDevice, setUpEncryption, setUpSecretStorage } from "./encryption.js";
import { introspectionRoutes, type TokenOwner } from "./introspection.js";
import { meetSynapse } from "./meet.js";
import { Synapse } from "./synapse.js";

/** What of the options is left where Synapse does the rest. */
export type SynapseOptions = Omit<
  DevHomeserverOptions,
  | "rendezvous"
  | "rendezvousApis"
  | "rendezvousLifetimeMs"
  | "msc4108"
  | "msc4108LifetimeMs"
  | "like"
  | "oauth"
> & {
  /** Where Synapse listens. */
  readonly synapse: URL;
  /** What its `matrix_authentication_service` setting calls `secret`. */
  readonly secret: Secret;
  /** The issuer: this server's own URL as clients reach it; by default the one that it listens on. */
  readonly publicUrl?: URL;
  /** Ends all that is asked of Synapse. */
  readonly signal?: AbortSignal;
};

/** A device that was signed in by nobody's consent. */
interface ProvidedDevice {
  readonly userId: string;
  readonly deviceId: string;
  /** It doesn't expire. */
  readonly accessToken: Secret;
}

/** An authorization server in front of a Synapse, as Matrix Authentication Service would be. */
export interface SynapseAuthorization
  extends Pick<
    DevHomeserver,
    "baseUrl" | "account" | "existingSession" | "recoveryKey" | "close" | "decide"
  > {
  readonly issuer: URL;
  /**
   * Makes the time to consent be over.
   *
   * @returns false for a user code that is unknown or has expired already
   */
  expireAuthorization(userCode: string): boolean;
  /** Signs a device in, of any user, who is made where there is none. */
  provideDevice(localpart: string, deviceId: string): Promise<ProvidedDevice>;
  /** Lets the user's next upload of cross-signing keys replace others. */
  allowCrossSigningReset(localpart: string): Promise<void>;
  /** Switches features on or off. Synapse remembers the metadata from before until it is restarted. */
  configure(features: Partial<OAuthFeatures>): void;
}

/**
 * Stands in front of a Synapse: rendezvous sessions, devices and keys are Synapse's, and OAuth with its consent page
 * is here, done as Matrix Authentication Service does it. The account is made in Synapse where it isn't there; if it
 * is, it loses its devices and its cross-signing keys, whose secrets nobody has any more.
 *
 * @throws {Failure} `usage_error` where Synapse isn't set for this server; `network_error`, `server_error`;
 *   the signal's reason
 * @throws {Error} Node's, such as `EADDRINUSE`, where it can't listen
 */
export async function startForSynapse(options: SynapseOptions): Promise<SynapseAuthorization> {
  const settings = withDefaults({ ...options, like: "synapse" });
  const synapse = new Synapse(options.synapse, options.secret, options.signal);
  let router = new Router<Given>();
  const server = new HttpServer({ answer: (...call) => router.answer(...call) }, settings.intercept);
  const endpoint = urlAt(settings.host, await server.listen(settings.host, settings.port));
  const issuer = options.publicUrl ?? endpoint;
  const { localpart } = settings;
  try {
    router.add(metadataRoutes(issuer, settings));
    const { userId, baseUrl } = await meetSynapse(synapse, {
      url: options.synapse,
      endpoint,
      issuer,
      localpart,
    });
    const pages = pagesOf(baseUrl.host);
    const account = { userId, localpart, password: settings.password ?? newPassword() };
    const devices: DeviceDirectory = {
      has: () => false,
      add: (deviceId, displayName) => synapse.upsertDevice(localpart, deviceId, displayName),
      remove: (deviceId) => synapse.deleteDevice(localpart, deviceId),
    };
    const oauth = new AuthorizationServer({ issuer, account, devices, pages, settings });

    const provided = new Map<string, TokenOwner>();
    const ownerOf = (accessToken: string): TokenOwner | undefined => {
      const known = oauth.sessions.introspect(accessToken);
      if (!known) return provided.get(accessToken);
      return { localpart, deviceId: known.session.deviceId, expiresIn: known.expiresIn };
    };
    const configure = (features: Partial<OAuthFeatures>) => {
      router = new Router<Given>();
      router.add(noticeRoutes(pages));
      router.add(introspectionRoutes(options.secret, ownerOf));
      router.add(oauth.routes({ ...settings, ...features }));
    };
    configure({});
    const deviceId = generateDeviceId();
    const tokens = oauth.startSession(deviceId);
    const { recoveryKey, ...existing } = await renewAccount(
      synapse,
      account,
      { deviceId, accessToken: new Secret(tokens.access_token) },
      settings.recoveryPassphrase,
    );

    return {
      baseUrl,
      issuer,
      account,
      existingSession: {
        base_url: baseUrl.href,
        user_id: userId,
        device_id: deviceId,
        ...tokens,
        ...existing,
      },
      recoveryKey,
      configure,
      decide: (userCode, decision) => oauth.decide(userCode, decision),
      expireAuthorization: (userCode) => oauth.expire(userCode),
      async provideDevice(owner, deviceId) {
        const ownerId = await synapse.provisionUser(owner);
        await synapse.upsertDevice(owner, deviceId, undefined);
        const accessToken = new Secret(`provided_${randomBytes(24).toString("base64url")}`);
        provided.set(accessToken.reveal(), { localpart: owner, deviceId });
        return { userId: ownerId, deviceId, accessToken };
      },
      async allowCrossSigningReset(owner) {
        await synapse.allowCrossSigningReset(owner);
      },
      async close() {
        oauth.close();
        await server.close();
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Makes one verified device in Synapse the account's only one, as if it were the first of a new account. */
async function renewAccount(
  synapse: Synapse,
  { userId, localpart }: Account,
  { deviceId, accessToken }: Pick<ProvidedDevice, "deviceId" | "accessToken">,
  recoveryPassphrase: string | undefined,
): Promise<Pick<ExistingSession, "secrets" | "device_keys"> & { readonly recoveryKey: string }> {
  await synapse.syncDevices(localpart, [deviceId]);
  await synapse.upsertDevice(localpart, deviceId, "Existing device");
  await synapse.allowCrossSigningReset(localpart);
  const post: PostAsDevice = (path, body) => synapse.ask(`POST ${path}`, accessToken, body);
  const { secrets, device } = await setUpEncryption(post, userId, deviceId);
  const put: PutAsDevice = (path, body) => synapse.ask(`PUT ${path}`, accessToken, body);
  const recoveryKey = await setUpSecretStorage(put, userId, secrets, recoveryPassphrase);
  return { secrets, device_keys: device.privateKeys, recoveryKey };
}
