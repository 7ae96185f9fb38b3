/**
 * How far a device's session has come: `incomplete` has tokens of a sign-in that never finished, `unconfirmed`
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
