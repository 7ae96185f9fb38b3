/**
 * How far a device's session has come: `incomplete` is a sign-in that never finished, with the tokens that it had by then, `unconfirmed`
 * has uploaded its device keys but not seen them in /keys/query, `unverified` was kept by --keep-unverified, and
 * `revocation_pending` is signed out but for tokens that could not be revoked.
 */
export const SESSION_STATES = [
  "complete",
  "incomplete",
  "unconfirmed",
  "unverified",
  "revocation_pending",
] as const;
export type SessionState = (typeof SESSION_STATES)[number];

/**
 * What has become of a session's device keys: `uploaded`, signed, by the sign-in itself; `deferred`, which is to say
 * left to the client that takes the session over; or that client's, and `signed` since.
 */
export const DEVICE_KEYS_STATES = ["uploaded", "deferred", "signed"] as const;
export type DeviceKeysState = (typeof DEVICE_KEYS_STATES)[number];
