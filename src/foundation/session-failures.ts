import type { Definition } from "./failure-kinds.js";

/** The part of the table of failures that is about this device's own session, secrets and files. */
export const SESSION_FAILURES = {
  signed_in_unverified: {
    kind: "unverified",
    message: "This device is signed in, but the secrets never came, so it is not verified.",
    hint: "Verify it from another device, or sign it out.",
  },
  device_keys_missing: {
    kind: "unverified",
    message: "No client has uploaded keys for this device yet, so there is nothing to sign.",
    hint: "Start the client that takes the session over, and sign the device when it has uploaded its keys.",
  },

  session_not_found: {
    kind: "local",
    message: "There is no such session.",
    hint: "Check its name or path.",
  },
  session_invalid: {
    kind: "local",
    message: "The session file can't be used.",
    hint: "docs/session-file.md says what it must hold.",
  },
  session_incomplete: {
    kind: "local",
    message: "That session's sign-in was never finished.",
    hint: "Sign it out, then sign in again.",
  },
  session_replaced: {
    kind: "local",
    message: "The session file has become another account's or another device's meanwhile.",
    hint: "Start again, if you have put it there yourself.",
  },
  session_dead: {
    kind: "local",
    message: "The homeserver no longer accepts this session.",
    hint: "It was signed out elsewhere, or another client refreshed its token: sign in again.",
  },
  session_not_refreshable: {
    kind: "local",
    message: "This session has no refresh token, so its access token can't be refreshed.",
    hint: "Use the access token that it has, until that expires; then sign in again.",
  },
  refresh_unanswered: {
    kind: "local",
    message:
      "An earlier refresh got no answer. To use its refresh token again now could end the session: some homeservers take that for theft.",
    hint: "Use the access token that it has, until that expires; after that a refresh has nothing to lose.",
  },
  session_not_revocable: {
    kind: "local",
    message:
      "The homeserver revokes this access token only for the OAuth client that it was issued to, and the session doesn't name that.",
    hint: "Remove the device on the account's page, or wait until the token has expired; then sign the session out again.",
  },
  session_locked: {
    kind: "local",
    message: "Another process is using this session.",
    hint: "Wait until it has ended, then try again.",
  },
  secrets_missing: {
    kind: "local",
    message: "This session has no encryption keys (cross-signing keys) to share.",
    hint: "Use a verified device's session, or give its secrets in a file; a new account has to set up encryption first.",
  },
  secret_storage_missing: {
    kind: "local",
    message: "The account has no recovery set up, or its keys are not in it.",
    hint: "Set up recovery in a Matrix client first, or take the secrets from a verified device.",
  },
  secret_storage_damaged: {
    kind: "local",
    message: "What the account keeps for its recovery is damaged.",
    hint: "Set up recovery anew in a verified Matrix client, or take the secrets from a verified device.",
  },
  recovery_key_malformed: {
    kind: "local",
    message: "That isn't a recovery key.",
    hint: "Type it as it was given: 48 letters and digits in groups of four, upper and lower case told apart.",
  },
  recovery_key_wrong: {
    kind: "local",
    message: "That isn't the account's recovery key or passphrase.",
    hint: "It may be one from before recovery was set up anew, or another account's.",
  },
  cross_signing_missing: {
    kind: "local",
    message:
      "The account has no encryption set up yet (no cross-signing keys), so there is nothing to share.",
    hint: "Set up encryption and recovery in a Matrix client first.",
  },
  address_unavailable: {
    kind: "local",
    message: "The address can't be listened on.",
    hint: "Choose another address or port.",
  },
  file_error: {
    kind: "local",
    message: "A file can't be read or written.",
    hint: "Check the path, its permissions and the free disk space.",
  },
  home_missing: {
    kind: "local",
    message: "There is no folder for sessions: this user has no home folder.",
    hint: "Set HOME or XDG_STATE_HOME to the full path of a folder, or keep the session in a file of your choice.",
  },
  output_failed: {
    kind: "local",
    message: "Standard output can't be written.",
    hint: "Check where the output goes, and the free space there.",
  },
  system_error: {
    kind: "local",
    message: "The operating system refuses something that is needed here.",
    hint: "See what the message says about this machine: its limits, permissions and folders.",
  },
} as const satisfies Record<string, Definition>;
