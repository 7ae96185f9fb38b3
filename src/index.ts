/**
 * Sign-in by QR code (MSC4108 over MSC4388) as a library: both roles, both ways round, and the codec of the
 * QR code. docs/library.md shows it in use.
 */

export { type Clock, systemClock } from "./foundation/clock.js";
export type { ChannelVersion, Dialect, Emit, Intent, LoginEvent } from "./foundation/events.js";
export type { FailureKind } from "./foundation/failure-kinds.js";
export { FAILURES } from "./foundation/failure-table.js";
export { type Cleanup, Failure, type FailureCode, type FailureDetails } from "./foundation/failures.js";
export type { Environment, Machine } from "./foundation/machine.js";
export { type Revealed, revealed, Secret } from "./foundation/secret.js";
export { resolveHomeserver, resolveUserHomeserver } from "./homeserver/resolve-homeserver.js";
export type { HttpClient, HttpRequest, HttpResponse } from "./network/http.js";
export { createHttpClient, type HttpClientOptions } from "./network/http-client.js";
export type { Network } from "./network/network.js";
export { createUrlPolicy, type UrlPolicy } from "./network/url-policy.js";
export {
  type DevicePrivateKeys,
  generateDeviceId,
  generateDeviceIdentityKeys,
} from "./protocol/device-keys.js";
export { checkExistingDevice, type ExistingDevice, helpNewDevice } from "./protocol/existing-device.js";
export type { ExpectedUser } from "./protocol/expected-user.js";
export type {
  AccountHomeserver,
  BackupVersion,
  DeviceAuthorization,
  PublishedKeys,
  SignInHomeserver,
  TokenPoll,
  Tokens,
} from "./protocol/homeserver.js";
export {
  type HomeserverClaim,
  type LearnHomeserver,
  type NewDevice,
  signInAsNewDevice,
} from "./protocol/new-device.js";
export {
  decodeQrCode,
  encodeQrCode,
  type SignInQrCode,
  type SignInQrCode2024,
  type SignInQrPayload,
} from "./protocol/qr-code.js";
export type { SecretsBundle, SecretsBundleJson } from "./protocol/secrets.js";
export type { SecureChannel } from "./protocol/secure-channel.js";
export type { NewSession, SessionFile } from "./protocol/sign-in-attempt.js";
export { openSecretStorageFrom, type RecoveryKeySource } from "./secret-storage/key-source.js";
export { openSecretStorage } from "./secret-storage/open.js";
export { sessionsDirectory } from "./session/directory.js";
export type { SecretsSource } from "./session/secrets-source.js";
export type { PortableSession, StoredSession } from "./session/session-file.js";
export { type NewSessionFile, SessionStore } from "./session/store.js";
export {
  byExpectedUser,
  byTypedCode,
  type CheckCodeSource,
  type Confirmation,
} from "./sign-in/confirmation.js";
export {
  announceHomeserver,
  announceNothing,
  type ExistingAccount,
  openExistingAccount,
  signInOtherDevice,
} from "./sign-in/existing-device.js";
export { type CodeToShow, type GenerateCode, generateCode } from "./sign-in/generate-code.js";
export { logInThisDevice, type OpenSecrets } from "./sign-in/log-in.js";
export {
  homeserverFromCode,
  homeserverFromProtocols,
  type NewDeviceRequest,
  signInThisDevice,
} from "./sign-in/new-device.js";
export type { LinkOpener } from "./sign-in/open-link.js";
export { type ScanCode, scanCode } from "./sign-in/scan-code.js";
export type { SignInWorld } from "./sign-in/world.js";
