import type { SecretsBundleJson } from "../protocol/secrets.js";
import { accountDataRoutes } from "./client-server/account-data.js";
import { authenticator } from "./client-server/authentication.js";
import { crossSigningRoutes } from "./client-server/cross-signing.js";
import { deviceKeyRoutes } from "./client-server/device-keys.js";
import { type Device, DeviceStore, deviceRoutes } from "./client-server/devices.js";
import { keyBackupRoutes } from "./client-server/key-backup.js";
import { keySignatureRoutes } from "./client-server/key-signatures.js";
import { discoveryRoutes } from "./client-server/server-info.js";
import { pagesOf } from "./consent/pages.js";
import { type Account, noticeRoutes } from "./consent/routes.js";
import { type Given, Router } from "./http/router.js";
import { HttpServer, urlAt } from "./http/server.js";
import { AuthorizationServer, type PortableTokens } from "./oauth/authorization-server.js";
import type { Session } from "./oauth/sessions.js";
import { type Decision, type DevHomeserverOptions, type Settings, withDefaults } from "./options.js";
import { Msc4108Store, msc4108Routes } from "./rendezvous/msc4108-2024.js";
import { rendezvousRoutes } from "./rendezvous/routes.js";
import { type RendezvousState, RendezvousStore } from "./rendezvous/store.js";
import { seedSecretStorage } from "./secret-storage.js";
import { newPassword, seedDevice, seedKeys } from "./seed.js";

export type { Decision, DevHomeserverOptions, Fault } from "./options.js";

/** The seeded device's session, in the portable form that `session import` takes. */
export interface ExistingSession extends Partial<PortableTokens> {
  readonly base_url: string;
  readonly user_id: string;
  readonly device_id: string;
  /** Where OAuth is switched off, it lasts, and there are no other fields of tokens. */
  readonly access_token: string;
  readonly secrets: SecretsBundleJson;
  readonly device_keys: { readonly ed25519: string; readonly curve25519: string };
}

/** A running homeserver with one account, all of it in memory. */
export interface DevHomeserver {
  readonly baseUrl: URL;
  /** Host and port of the base URL. */
  readonly serverName: string;
  readonly account: Account;
  readonly existingSession: ExistingSession;
  /** What opens the account's secret storage, in groups of four characters. */
  readonly recoveryKey: string;
  /** Ends all connections. */
  close(): Promise<void>;

  /** The account's devices, with the keys they uploaded. */
  devices(): readonly Readonly<Device>[];
  /** Sessions whose tokens are good, or can be refreshed. */
  activeSessions(): readonly Session[];
  /** The oldest first. */
  liveRendezvousSessions(): readonly RendezvousState[];
  /** The URL paths of those of MSC4108's 2024 version. */
  liveMsc4108Sessions(): readonly string[];
  /** Makes all rendezvous sessions be gone, as after a restart. */
  expireRendezvous(): void;
  /**
   * Answers a consent page.
   *
   * @returns false for a user code that is unknown or has expired, or that nobody can consent to
   */
  decide(userCode: string, decision: Decision): boolean;
  /** Unpublishes the account's cross-signing keys: an account that has never set encryption up. */
  removeCrossSigning(): void;
}

/**
 * Starts a Matrix homeserver for development and tests: rendezvous sessions (MSC4388), an OAuth 2.0
 * authorization server with the device authorization grant, a consent page, and as much of the client-server
 * API as signing in by QR code needs. It has one account, with cross-signing keys, a key backup version, secret
 * storage that holds their private halves, and one verified device. Nothing survives it.
 *
 * @throws {Error} Node's, such as `EADDRINUSE`, where it can't listen
 */
export async function startDevHomeserver(options: DevHomeserverOptions = {}): Promise<DevHomeserver> {
  const settings = withDefaults(options);
  const router = new Router<Given>();
  const server = new HttpServer(router, settings.intercept);
  const port = await server.listen(settings.host, settings.port);
  const baseUrl = urlAt(settings.host, port);
  const homeserver = await homeserverAt(baseUrl, `${baseUrl.hostname}:${port}`, settings, router);
  return {
    ...homeserver,
    async close() {
      homeserver.stop();
      await server.close();
    },
  };
}

/**
 * A development homeserver that no socket leads to: whoever has its router asks it.
 *
 * @param baseUrl where clients are to believe that it is
 * @param router gets its routes
 */
export async function homeserverAt(
  baseUrl: URL,
  serverName: string,
  settings: Settings,
  router: Router<Given>,
): Promise<Omit<DevHomeserver, "close"> & { stop(): void }> {
  const { clock, behaviour } = settings;
  const { localpart } = settings;
  const account = {
    userId: `@${localpart}:${serverName}`,
    localpart,
    password: settings.password ?? newPassword(),
  };
  const { userId } = account;
  const { crossSigning, backup, secrets, selfSigning } = seedKeys(userId);
  const seeded = seedDevice(userId, selfSigning);
  const secretStorage = await seedSecretStorage(secrets, settings.recoveryPassphrase);

  const devices = new DeviceStore();
  const pages = pagesOf(serverName);
  const oauth = new AuthorizationServer({
    issuer: baseUrl,
    account,
    devices: {
      has: (deviceId) => devices.get(deviceId) !== undefined,
      add: (deviceId, displayName) => devices.add(deviceId, displayName),
      remove: (deviceId) => devices.remove(deviceId),
    },
    pages,
    settings,
  });
  const { sessions } = oauth;
  const rendezvous = new RendezvousStore(clock, settings.rendezvousLifetimeMs, behaviour.rendezvous);
  const msc4108 = new Msc4108Store(clock, settings.msc4108LifetimeMs, behaviour.rendezvous);
  const authenticate = authenticator(sessions, behaviour.oauth.softLogout);

  const { deviceId } = seeded;
  const existingDevice = devices.add(deviceId, "Existing device");
  existingDevice.deviceKeys = seeded.deviceKeys;
  const existingTokens = settings.oauth
    ? oauth.startSession(deviceId)
    : { access_token: sessions.start({ deviceId }, Number.POSITIVE_INFINITY, false).accessToken };

  router.add(discoveryRoutes(baseUrl, settings));
  router.add(deviceRoutes(userId, devices, sessions, authenticate, deviceId));
  router.add(deviceKeyRoutes(userId, devices, crossSigning, authenticate));
  router.add(crossSigningRoutes(userId, crossSigning, authenticate, new URL("account", baseUrl)));
  router.add(keySignatureRoutes(userId, devices, crossSigning, authenticate));
  router.add(keyBackupRoutes(backup, authenticate));
  router.add(accountDataRoutes(userId, secretStorage.accountData, authenticate));
  router.add(rendezvousRoutes(rendezvous, authenticate, settings));
  if (settings.msc4108) router.add(msc4108Routes(msc4108, baseUrl));
  router.add(noticeRoutes(pages));
  if (settings.oauth) router.add(oauth.routes());

  return {
    baseUrl,
    serverName,
    account,
    recoveryKey: secretStorage.recoveryKey,
    existingSession: {
      base_url: baseUrl.href,
      user_id: userId,
      device_id: deviceId,
      ...existingTokens,
      secrets,
      device_keys: seeded.privateKeys,
    },
    stop: () => oauth.close(),
    devices: () => devices.all(),
    activeSessions: () => sessions.active(),
    liveRendezvousSessions: () => rendezvous.live(),
    liveMsc4108Sessions: () => msc4108.live(),
    expireRendezvous() {
      rendezvous.clear();
      msc4108.clear();
    },
    decide: (userCode, decision) => oauth.decide(userCode, decision),
    removeCrossSigning() {
      delete crossSigning.masterKey;
      delete crossSigning.selfSigningKey;
      delete crossSigning.userSigningKey;
    },
  };
}
