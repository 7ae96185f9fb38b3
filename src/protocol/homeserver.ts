import type { Failure } from "../foundation/failures.js";
import type { Secret } from "../foundation/secret.js";
import type { JsonObject } from "./canonical-json.js";

/** What the roles ask of a homeserver. `src/homeserver` answers it over the network, tests from memory. */

/** A device authorization response (RFC 8628 §3.2), validated. */
export interface DeviceAuthorization {
  readonly verificationUri: string;
  readonly verificationUriComplete?: string;
  readonly userCode: string;
  /** Time on the clock (monotonic ms) at which the device code expires. */
  readonly expiresAt: number;
  readonly intervalMs: number;
}

export interface Tokens {
  readonly accessToken: Secret;
  readonly refreshToken?: Secret;
  /** RFC 3339; absent where the server doesn't say. */
  readonly expiresAt?: string;
  /** Milliseconds that the access token lives from when it was granted; absent where the server doesn't say. */
  readonly lifetimeMs?: number;
}

/** What a renewal of tokens that are on disk takes. */
export interface Renewal {
  /** Called with renewed tokens before they are used. */
  save(tokens: Tokens): Promise<void>;
  /** Runs a renewal while nobody else makes one. It is given the newest tokens, where somebody else may have made some. */
  exclusively<T>(signal: AbortSignal, work: (newest: Tokens | undefined) => Promise<T>): Promise<T>;
}

/**
 * One answer of the token endpoint while the person consents (RFC 8628 §3.5). `dropped`: the code was good, and the
 * server knows it no longer, without having said that it was declined or has expired.
 */
export type TokenPoll =
  | { readonly status: "pending" | "declined" | "expired" | "dropped" }
  | {
      readonly status: "slow_down";
      /** True where an answer was lost that may have brought tokens, and this one says nothing of that. */
      readonly mayHaveGranted?: true;
    }
  | {
      readonly status: "granted";
      readonly tokens: Tokens;
      /** Why they must not be used, but only revoked. */
      readonly unusable?: Failure;
    };

/** The public cross-signing keys of a user and what is signed by what, as /keys/query gives them. */
export interface PublishedKeys {
  readonly masterKey?: JsonObject;
  readonly selfSigningKey?: JsonObject;
  readonly userSigningKey?: JsonObject;
  /** The user's device keys by device ID. */
  readonly deviceKeys: Readonly<Record<string, JsonObject>>;
}

export interface BackupVersion {
  readonly version: string;
  readonly algorithm: string;
  /** The backup's Curve25519 public key, unpadded base64, where the algorithm has one. */
  readonly publicKey?: string;
}

/** The homeserver to a device that is signing in: before it has tokens. */
export interface SignInHomeserver {
  readonly baseUrl: URL;
  /**
   * Checks that OAuth 2.0, the device authorization grant and client registration (or a client ID) are there.
   * @returns the issuer
   * @throws {Failure} `homeserver_without_oauth`, `..._device_grant`, `..._registration`
   */
  checkCapabilities(signal: AbortSignal): Promise<string>;
  /** Registers the client where needed and starts the device authorization grant for this device ID. */
  startDeviceAuthorization(deviceId: string, signal: AbortSignal): Promise<DeviceAuthorization>;
  /**
   * Asks the token endpoint once. A failure leaves open whether tokens were issued, unless its `cleanup` says.
   * @throws {Failure} `token_lost` when the code was pending a moment ago and is unknown after a lost answer
   */
  pollForTokens(signal: AbortSignal): Promise<TokenPoll>;
  /** RFC 7009, refresh token first; one failing doesn't skip the other. Resolves to whether all went well. */
  revoke(tokens: Tokens, signal: AbortSignal): Promise<boolean>;
  /** The same homeserver with the tokens that were granted. */
  signedIn(tokens: Tokens, renewal: Renewal): AccountHomeserver;
  /** What a session file keeps of the OAuth client. */
  readonly oauthClient: { readonly issuer: string; readonly clientId: string };
}

/** The homeserver to a device that is signed in. An expired access token is refreshed underneath. */
export interface AccountHomeserver {
  readonly baseUrl: URL;
  whoami(signal: AbortSignal): Promise<{ readonly userId: string; readonly deviceId?: string }>;
  /** Whether GET /devices/{id} answers 200 (true) or 404 (false). */
  deviceExists(deviceId: string, signal: AbortSignal): Promise<boolean>;
  queryKeys(userId: string, signal: AbortSignal): Promise<PublishedKeys>;
  uploadDeviceKeys(deviceKeys: JsonObject, signal: AbortSignal): Promise<void>;
  /**
   * Adds a signature to what is published of one of the user's devices. Whether it is taken, only /keys/query tells.
   * @param signed the device's keys with that signature
   */
  uploadSignature(userId: string, deviceId: string, signed: JsonObject, signal: AbortSignal): Promise<void>;
  /** The account's global data of a type, not validated; undefined where there is none. */
  accountData(
    userId: string,
    type: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** The current key backup, or undefined where there is none. */
  backupVersion(signal: AbortSignal): Promise<BackupVersion | undefined>;
}
