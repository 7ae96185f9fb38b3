import type { Failure, FailureCode } from "../foundation/failures.js";
import { shellWord } from "../foundation/shell-word.js";

/** What to do next, where the command line has an option or a command for it. */
export const HINTS: Readonly<Partial<Record<FailureCode, string>>> = {
  internal_error: "This is a bug: please report it, with the output of --trace.",
  usage_error: "Add --help to see how it is used.",
  source_not_found: "Give the path of a picture, any text with the code in it, or - for stdin.",
  wrong_intent:
    "Use `scan --as new` to sign this device in, and `scan` without --as new to sign the other one in.",
  homeserver_missing:
    "Give --homeserver with what follows the colon in @you:example.org, or set MATRIX_QR_LOGIN_HOMESERVER.",
  session_ambiguous: "Give --session, or set MATRIX_QR_LOGIN_SESSION; `session list` shows them.",
  session_exists:
    "Choose another --session, or sign the old one out first: `session logout`, with its name behind it.",
  rendezvous_gone:
    "See what the other device says, then start again on both. A restart, or several workers, make a server lose connections: `doctor` finds out.",
  timed_out: "Start again, with a longer --timeout if need be.",
  unexpected_master_key:
    "Check --expect-master-key; if the account's cross-signing was not reset, don't trust the homeserver.",
  homeserver_without_oauth:
    "Its admin has to move it to OAuth 2.0 (for Synapse: Matrix Authentication Service): `doctor` names the setting.",
  homeserver_without_device_grant:
    "Its admin can switch that on: `doctor` names the setting of the device authorization grant.",
  url_refused: "Use https. For a test network, --allow-http HOST lets plain http through to that host.",
  homeserver_without_registration:
    "Give a registered client with --client-id, or ask the admin for dynamic client registration.",
  homeserver_without_rendezvous:
    "Sign in with `login`; or have the other device show the code; or meet it over another server with --rendezvous. `doctor` says what the admin can set.",
  device_keys_missing: "Start the client on this session, then run `session sign-device` again.",
  signature_not_shown: "Run `session sign-device` again later.",
  device_already_exists: "Start again with another --device-id, or none.",
  device_id_cut: "Start again with a --device-id of letters and digits only, or none.",
  unable_to_open_verification_uri: "Start again with --no-browser and open the printed link yourself.",
  session_unconfirmed: "Run `session check` when the homeserver can be reached again.",
  revocation_pending: "Run `session logout` again when the homeserver can be reached.",
  session_not_revocable:
    "Remove the device on the account's page, or wait until the token has expired; then run `session logout` again.",
  signed_in_unverified: "Verify it from another device, or sign it out with `session logout`.",
  session_not_found: "`session list` shows the sessions; `generate`, `login` or `session import` makes one.",
  address_unavailable:
    "Choose another address or port with --listen, or leave it out for a free port of this machine.",
  home_missing: "Set HOME or XDG_STATE_HOME to the full path of a folder, or give --session a path.",
  session_dead:
    "It was signed out elsewhere, or another client refreshed its token: remove it with `session logout`, then sign in again.",
  session_incomplete: "Remove it with `session logout`, then sign in again.",
  secrets_missing:
    "Use a verified device's session, --secrets FILE or --recovery-key-file FILE; a new account has to set up encryption first.",
  secret_storage_missing:
    "Use a verified device's session or --secrets FILE; a new account has to set up recovery first.",
};

/** What to do next where there is no session at all. */
export const NO_SESSION_HINT = "Make one: `matrix-qr-login generate`, or with `login` or `session import`.";

/** The commands for one session, which have to be told which one where there are several. */
const OF_A_SESSION = /(?<=`)session (?:check|logout|sign-device)\b/g;

/** What to do next: as the place of the failure knows it, else as the command line does, else in general. Commands name the session. */
export function hintOf(failure: Failure): string | undefined {
  const hint = failure.details.hint ?? HINTS[failure.code] ?? failure.hint;
  const { session } = failure.details;
  return session === undefined
    ? hint
    : hint?.replace(OF_A_SESSION, `$& ${shellWord(session).replaceAll("$", "$$$$")}`);
}
