import type { Definition } from "./failure-kinds.js";
import { SESSION_FAILURES } from "./session-failures.js";

/**
 * Everything that can go wrong, in one table: the stable code that programs match on, its kind, what it means,
 * and what to do next. It speaks to users of the library and of the command line alike, and so names neither
 * options nor commands. `docs/failures.md` is made from it.
 */
export const FAILURES = {
  internal_error: {
    kind: "bug",
    message: "Something went wrong inside matrix-qr-login itself.",
    hint: "This is a bug: please report it.",
  },

  usage_error: { kind: "usage", message: "That can't be understood as it was typed." },
  source_not_found: {
    kind: "usage",
    message: "There is no such file, and the text isn't what a QR code holds either.",
    hint: "Give the path of a picture, or any text with the code in it.",
  },
  picture_unreadable: {
    kind: "usage",
    message: "The file is not a picture that can be read.",
    hint: "PNG, JPEG, WebP, GIF, TIFF, SVG, AVIF, BMP and HEIC pictures are understood.",
  },
  picture_too_large: {
    kind: "usage",
    message: "The picture is too large.",
    hint: "Crop it to the QR code: at most 50 MB and 100 megapixels are read.",
  },
  no_qr_code: {
    kind: "usage",
    message: "No QR code was found in the picture.",
    hint: "Take it again: the whole code, straight on, sharp, without glare, with a margin around it. Or copy what the code holds, as text.",
  },
  several_sign_in_codes: {
    kind: "usage",
    message: "There is more than one sign-in QR code in the picture.",
    hint: "Crop the picture to the one you mean.",
  },
  not_a_sign_in_code: {
    kind: "usage",
    message: "This QR code is not for signing in to Matrix.",
    hint: "On the other device, choose to link or sign in a device by QR code.",
  },
  malformed_sign_in_code: {
    kind: "usage",
    message: "This sign-in QR code is damaged.",
    hint: "Have the other device show a new code and scan that.",
  },
  wrong_intent: {
    kind: "usage",
    message: "Both devices have the same role.",
    hint: "One has to be the new device, the other the existing one.",
  },
  homeserver_missing: {
    kind: "usage",
    message: "No homeserver was named.",
    hint: "Name it by what follows the colon in @you:example.org, or by its URL.",
  },
  session_ambiguous: {
    kind: "usage",
    message: "There are several sessions, and none was named.",
    hint: "Name the one to use.",
  },
  session_exists: {
    kind: "usage",
    message: "There already is a session with that name, and a sign-in never overwrites one.",
    hint: "Choose another name, or sign the old session out first.",
  },
  terminal_required: {
    kind: "usage",
    message: "A person has to answer here, and there is no terminal.",
  },

  consent_declined: {
    kind: "refused",
    message: "The sign-in was declined.",
    hint: "Start again if that was a mistake.",
  },
  authorization_dropped: {
    kind: "refused",
    message: "The homeserver gave up the sign-in before its time: it was declined, or dropped.",
    hint: "Start again. Opening the page to approve it very often, or a restart, makes a homeserver drop one.",
  },
  user_cancelled: { kind: "refused", message: "Cancelled." },
  other_device_cancelled: { kind: "refused", message: "The other device cancelled the sign-in." },
  rendezvous_gone: {
    kind: "refused",
    message: "The connection ended: the other device stopped, or the server between the two lost it.",
    hint: "See what the other device says, then start again on both. A restart, or several workers, make a server lose connections.",
  },

  rendezvous_expired: {
    kind: "late",
    message: "Too late: the time that the server gives the two devices is over.",
    hint: "Start again on both devices with a new QR code. The server sets how long one is good: scan and approve within that.",
  },
  authorization_expired: {
    kind: "late",
    message: "Too late: nobody approved the sign-in in time.",
    hint: "Start again, and approve the sign-in on its page. If that page refuses it, as where the account has too many devices, do what it says first.",
  },
  timed_out: {
    kind: "late",
    message: "It took too long: the time that was set for the whole run is over.",
    hint: "Start again, with more time if need be.",
  },

  check_code_wrong: {
    kind: "security",
    message: "The check code is wrong: this may not be the device you think it is.",
    hint: "Start again with a new QR code, and type the code that your other device shows.",
  },
  message_not_authentic: {
    kind: "security",
    message: "A message is not from the device that the QR code belongs to, or was changed on the way.",
    hint: "Start again with a new QR code; if it happens again, somebody may be interfering.",
  },
  concurrent_write: {
    kind: "security",
    message: "Somebody else came between the two devices.",
    hint: "Start again with a new QR code; if it happens again, somebody may be interfering.",
  },
  unexpected_user: {
    kind: "security",
    message: "The sign-in ended up as a different user than expected.",
    hint: "Check who scanned the code or opened the link: somebody else may have signed this device in to their account.",
  },
  unexpected_master_key: {
    kind: "security",
    message: "The account's master key is not the expected one.",
    hint: "Check the key; if the account's cross-signing was not reset, don't trust the homeserver.",
  },
  secrets_mismatch: {
    kind: "security",
    message:
      "The keys that this device was given are not the account's: they don't match what the account publishes.",
    hint: "If the account's encryption was reset lately, use a device that has the new keys.",
  },
  device_keys_mismatch: {
    kind: "security",
    message: "The homeserver shows different keys for this device from those that were uploaded.",
    hint: "Don't trust this homeserver with this account before you know why.",
  },
  device_keys_invalid: {
    kind: "security",
    message: "What the homeserver shows as this device's keys is not signed by the device itself.",
    hint: "Don't trust this homeserver with this account before you know why.",
  },
  expected_user_unresolvable: {
    kind: "security",
    message: "The homeserver of the expected user could not be determined.",
    hint: "Check the user ID, and the server's /.well-known/matrix/client.",
  },
  url_refused: {
    kind: "security",
    message: "An address is refused: only https is allowed, without a user name or password.",
    hint: "Plain http is only for hosts that were explicitly allowed, as in a test network.",
  },

  homeserver_without_oauth: {
    kind: "unsupported",
    message:
      "This homeserver can't sign devices in by QR code: it lacks the sign-in (OAuth 2.0) that this takes.",
    hint: "Its admin has to move it to OAuth 2.0 (for Synapse: Matrix Authentication Service).",
  },
  homeserver_without_device_grant: {
    kind: "unsupported",
    message:
      "This homeserver can't sign devices in by QR code: its sign-in can't be approved on another device.",
    hint: "Its admin can switch that on in the authorization server: it is the device authorization grant.",
  },
  homeserver_without_registration: {
    kind: "unsupported",
    message: "This homeserver doesn't let new programs sign in: it registers no new OAuth clients.",
    hint: "Use a client that is registered there, or ask the admin for dynamic client registration.",
  },
  homeserver_without_rendezvous: {
    kind: "unsupported",
    message: "This homeserver doesn't let this device show a QR code.",
    hint: "A new device may meet the other one over another server; or have the other device show the code.",
  },
  unsupported_protocol: {
    kind: "unsupported",
    message: "The two devices know no common way to sign in.",
    hint: "Check that both run a current version, and what the homeserver offers.",
  },
  device_already_exists: {
    kind: "unsupported",
    message: "The account already has a device with that device ID.",
    hint: "Start again with another device ID.",
  },
  device_id_cut: {
    kind: "unsupported",
    message: "The homeserver cut the device ID.",
    hint: "Start again with a device ID of letters and digits only.",
  },
  device_not_found: {
    kind: "unsupported",
    message: "The new device says that it signed in, but the homeserver doesn't know it.",
    hint: "No secrets were sent. Check the account's devices, and start again.",
  },
  unable_to_open_verification_uri: {
    kind: "unsupported",
    message: "The page to approve the sign-in on could not be opened.",
    hint: "Start again, and open the link yourself.",
  },
  unexpected_message: {
    kind: "unsupported",
    message: "The other device sent something that doesn't belong here.",
    hint: "Check that both devices run a current version.",
  },
  other_device_failed: {
    kind: "unsupported",
    message: "The other device gave up.",
    hint: "See what it says there.",
  },

  network_error: {
    kind: "network",
    message: "The server can't be reached.",
    hint: "Check the network and the server's address, then start again.",
  },
  server_error: {
    kind: "network",
    message: "The server gave an answer that can't be used.",
    hint: "Start again; if it keeps happening, ask the server's admin.",
  },
  delivery_unknown: {
    kind: "network",
    message:
      "An answer from the server was lost, so it can't be known whether the other device got our message.",
    hint: "Start again on both devices.",
  },
  token_lost: {
    kind: "network",
    message:
      "An answer was lost: it said that the sign-in was declined, or signed this device in so that nobody can use or undo it from here.",
    hint: "Remove the device on the account's page, if it is there, then start again.",
  },
  session_unconfirmed: {
    kind: "network",
    message: "The device keys were uploaded, but the homeserver could not be asked whether it shows them.",
    hint: "Check the session when the homeserver can be reached again.",
  },
  signature_not_shown: {
    kind: "network",
    message: "The device keys' signature was uploaded, but the homeserver doesn't show it.",
    hint: "Sign the device again later; if it keeps happening, ask the homeserver's admin.",
  },
  revocation_pending: {
    kind: "network",
    message: "The session could not be signed out on the homeserver, so it may still be good.",
    hint: "Sign the session out again when the homeserver can be reached.",
  },

  ...SESSION_FAILURES,

  hangup: { kind: "signal", signal: "SIGHUP", message: "Ended: the terminal was closed (SIGHUP)." },
  interrupted: { kind: "signal", signal: "SIGINT", message: "Cancelled." },
  terminated: { kind: "signal", signal: "SIGTERM", message: "Ended from outside (SIGTERM)." },
} as const satisfies Record<string, Definition>;
