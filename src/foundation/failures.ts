/**
 * Everything that can go wrong, in one table: the stable code that programs match on, the exit code of the
 * command-line contract, what it means, and what to do next. `docs/failures.md` is made from it.
 */

interface FailureKind {
  readonly exitCode: number;
  /** One sentence for the person, used where the place of the failure has nothing more exact to say. */
  readonly message: string;
  /** What to do next. */
  readonly hint?: string;
}

export const FAILURES = {
  internal_error: {
    exitCode: 1,
    message: "Something went wrong inside matrix-qr-login itself.",
    hint: "This is a bug: please report it, with the output of --trace.",
  },

  usage_error: { exitCode: 2, message: "The command line can't be understood.", hint: "See --help." },
  source_not_found: {
    exitCode: 2,
    message: "There is no such file, and the text is no QR code payload either.",
    hint: "Give the path of a picture, the payload as base64 or hex, or - for stdin.",
  },
  picture_unreadable: {
    exitCode: 2,
    message: "The file is not a picture that can be read.",
    hint: "PNG, JPEG, WebP, GIF, TIFF, SVG, AVIF, BMP and HEIC pictures are understood.",
  },
  picture_too_large: {
    exitCode: 2,
    message: "The picture is too large.",
    hint: "Crop it to the QR code: at most 50 MB and 100 megapixels are read.",
  },
  no_qr_code: {
    exitCode: 2,
    message: "No QR code was found in the picture.",
    hint: "Take it again: the whole code, straight on, sharp, without glare, with a margin around it. Or copy the payload as text.",
  },
  several_sign_in_codes: {
    exitCode: 2,
    message: "There is more than one sign-in QR code in the picture.",
    hint: "Crop the picture to the one you mean.",
  },
  not_a_sign_in_code: {
    exitCode: 2,
    message: "This QR code is not for signing in to Matrix.",
    hint: "On the other device, choose to link or sign in a device by QR code.",
  },
  malformed_sign_in_code: {
    exitCode: 2,
    message: "This sign-in QR code is damaged.",
    hint: "Have the other device show a new code and scan that.",
  },
  wrong_intent: {
    exitCode: 2,
    message: "Both devices play the same part.",
    hint: "One has to be the new device, the other the existing one: see --as.",
  },
  homeserver_missing: {
    exitCode: 2,
    message: "It isn't known which homeserver to use.",
    hint: "Give --homeserver, or set MATRIX_QR_LOGIN_HOMESERVER.",
  },
  session_ambiguous: {
    exitCode: 2,
    message: "There are several sessions, and it isn't known which one to use.",
    hint: "Give --session, or set MATRIX_QR_LOGIN_SESSION; `session list` shows them.",
  },
  session_exists: {
    exitCode: 2,
    message: "There is a session of that name already, and a sign-in never overwrites one.",
    hint: "Choose another --session, or end the old one with `session logout`.",
  },
  terminal_required: {
    exitCode: 2,
    message: "A person has to answer here, and there is no terminal.",
  },

  consent_declined: {
    exitCode: 3,
    message: "The sign-in was declined on the consent page.",
    hint: "Start again if that was not meant.",
  },
  user_cancelled: { exitCode: 3, message: "The sign-in was cancelled." },
  other_device_cancelled: { exitCode: 3, message: "The other device cancelled the sign-in." },
  rendezvous_gone: {
    exitCode: 3,
    message: "The other device or the homeserver ended the rendezvous session before its time.",
    hint: "Start again on both devices.",
  },

  rendezvous_expired: {
    exitCode: 4,
    message: "The QR code's rendezvous session has expired.",
    hint: "Start again on both devices with a new QR code; the homeserver sets how long one lives.",
  },
  authorization_expired: {
    exitCode: 4,
    message: "Nobody consented in time.",
    hint: "Start again, and confirm the sign-in on the consent page.",
  },
  timed_out: {
    exitCode: 4,
    message: "The time set by --timeout is over.",
    hint: "Start again, with a longer --timeout if need be.",
  },

  check_code_wrong: {
    exitCode: 5,
    message: "The check code is wrong: this may not be the device you think it is.",
    hint: "Start again with a new QR code, and type the code that your other device shows.",
  },
  message_not_authentic: {
    exitCode: 5,
    message: "A message is not from the device that the QR code belongs to, or was changed on its way.",
    hint: "Start again with a new QR code; if it happens again, somebody may be interfering.",
  },
  concurrent_write: {
    exitCode: 5,
    message: "Somebody else wrote into the rendezvous session.",
    hint: "Start again with a new QR code; if it happens again, somebody may be interfering.",
  },
  unexpected_user: {
    exitCode: 5,
    message: "The sign-in ended up as another user than --expect-user.",
    hint: "Check who scanned the code: somebody else may have tried to sign this device in.",
  },
  unexpected_master_key: {
    exitCode: 5,
    message: "The account's master cross-signing key is not the one of --expect-master-key.",
    hint: "Check the key; if the account's cross-signing was not reset, don't trust the homeserver.",
  },
  secrets_mismatch: {
    exitCode: 5,
    message: "The secrets don't match the cross-signing keys that the account publishes.",
    hint: "If cross-signing was reset lately, take a device that has the new keys.",
  },
  device_keys_mismatch: {
    exitCode: 5,
    message: "The homeserver shows other keys for this device than were uploaded.",
    hint: "Don't trust this homeserver with this account before you know why.",
  },
  expected_user_unresolvable: {
    exitCode: 5,
    message: "The homeserver of --expect-user can't be found out.",
    hint: "Check the user ID, and the server's /.well-known/matrix/client.",
  },
  url_refused: {
    exitCode: 5,
    message: "A URL is refused: only https is allowed, without a user name or password.",
    hint: "For a test network, --allow-http HOST lets plain http through to that host.",
  },

  homeserver_without_oauth: {
    exitCode: 6,
    message: "This homeserver doesn't offer the OAuth 2.0 API, which QR sign-in needs.",
    hint: "Its admin has to move it to OAuth 2.0 (for Synapse: Matrix Authentication Service).",
  },
  homeserver_without_device_grant: {
    exitCode: 6,
    message: "This homeserver doesn't offer the device authorization grant, which QR sign-in needs.",
    hint: "Its admin can switch it on in the authorization server.",
  },
  homeserver_without_registration: {
    exitCode: 6,
    message: "This homeserver registers no new OAuth clients.",
    hint: "Give a registered client with --client-id, or ask the admin for dynamic client registration.",
  },
  homeserver_without_rendezvous: {
    exitCode: 6,
    message: "This homeserver doesn't let this device create a rendezvous session.",
    hint: "A new device may use another server's with --rendezvous; or show the code on the other device.",
  },
  unsupported_protocol: {
    exitCode: 6,
    message: "The two devices have no login protocol in common.",
    hint: "Check that the homeserver offers the device authorization grant.",
  },
  device_already_exists: {
    exitCode: 6,
    message: "The account has a device with that device ID already.",
    hint: "Start again with another --device-id, or none.",
  },
  device_not_found: {
    exitCode: 6,
    message: "The new device says that it signed in, but the homeserver doesn't know it.",
    hint: "No secrets were sent. Check the account's devices, and start again.",
  },
  unable_to_open_verification_uri: {
    exitCode: 6,
    message: "The consent page could not be opened.",
    hint: "Start again with --no-browser and open the printed link yourself.",
  },
  unexpected_message: {
    exitCode: 6,
    message: "The other device sent a message that has no place here.",
    hint: "Check that both devices run a current version.",
  },
  other_device_failed: { exitCode: 6, message: "The other device gave up.", hint: "See what it says there." },

  network_error: {
    exitCode: 7,
    message: "The server can't be reached.",
    hint: "Check the network and the server's address, then start again.",
  },
  server_error: {
    exitCode: 7,
    message: "The server gave an answer that can't be used.",
    hint: "Try again later; if it stays, ask the homeserver's admin.",
  },
  delivery_unknown: {
    exitCode: 7,
    message: "An answer of the server was lost, and whether the other device got our message can't be known.",
    hint: "Start again on both devices.",
  },
  token_lost: {
    exitCode: 7,
    message: "The homeserver issued a token whose answer was lost, so this device can't use or revoke it.",
    hint: "Remove the device on the account's page, then start again.",
  },
  session_unconfirmed: {
    exitCode: 7,
    message: "The device keys were uploaded, but the homeserver could not be asked whether it shows them.",
    hint: "Run `session check` when the homeserver can be reached again.",
  },
  revocation_pending: {
    exitCode: 7,
    message: "The session's tokens could not be revoked, so they may still be good.",
    hint: "Run `session logout` again when the homeserver can be reached.",
  },

  signed_in_unverified: {
    exitCode: 8,
    message: "This device is signed in, but the secrets never came, so it is not verified.",
    hint: "Verify it from another device, or sign it out with `session logout`.",
  },

  session_not_found: {
    exitCode: 9,
    message: "There is no such session.",
    hint: "`session list` shows the sessions, `session import` brings one in.",
  },
  session_invalid: {
    exitCode: 9,
    message: "The session file can't be used.",
    hint: "docs/session-file.md says what it must hold.",
  },
  session_incomplete: {
    exitCode: 9,
    message: "That session's sign-in was never finished.",
    hint: "Remove it with `session logout`, then sign in again.",
  },
  session_dead: {
    exitCode: 9,
    message: "The homeserver no longer accepts this session.",
    hint: "It was signed out elsewhere, or another client refreshed its token: sign in again.",
  },
  session_locked: {
    exitCode: 9,
    message: "Another process is using this session.",
    hint: "Wait until it has ended, then try again.",
  },
  secrets_missing: {
    exitCode: 9,
    message: "This session has no cross-signing keys to share.",
    hint: "Use a verified device's session or --secrets FILE; a new account has to set up encryption first.",
  },
  cross_signing_missing: {
    exitCode: 9,
    message: "The account has no cross-signing keys yet, so there is nothing to share.",
    hint: "Set up encryption (cross-signing and recovery) in a Matrix client first.",
  },
  file_error: {
    exitCode: 9,
    message: "A file can't be read or written.",
    hint: "Check the path, its permissions and the free disk space.",
  },

  hangup: { exitCode: 129, message: "Ended by SIGHUP." },
  interrupted: { exitCode: 130, message: "Interrupted." },
  terminated: { exitCode: 143, message: "Ended by SIGTERM." },
} as const satisfies Record<string, FailureKind>;

/** The stable name of a failure: `failure.code` in the event stream. */
export type FailureCode = keyof typeof FAILURES;

/**
 * What became of the tokens of a sign-in that failed: there were none, they were revoked, a revocation is
 * still to be made (`session logout`), or nobody can revoke them.
 */
export type Cleanup = "none" | "revoked" | "pending" | "impossible";

export interface FailureDetails {
  readonly hint?: string;
  /** The `reason` of an `m.login.failure` that was sent or received (MSC4108 §Message reference). */
  readonly reason?: string;
  /** The server name that an `m.login.failure` brought. */
  readonly homeserver?: string;
  readonly cleanup?: Cleanup;
  readonly deviceId?: string;
  /** Path of the session file that stays behind. */
  readonly session?: string;
  readonly cause?: unknown;
}

/** The one family of errors. Its message is for a person and never holds a secret or a token. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: FailureCode;
  readonly details: FailureDetails;

  constructor(code: FailureCode, message?: string, details: FailureDetails = {}) {
    super(message ?? FAILURES[code].message, { cause: details.cause });
    this.code = code;
    this.details = details;
  }

  get exitCode(): number {
    return FAILURES[this.code].exitCode;
  }

  get hint(): string | undefined {
    const kind: FailureKind = FAILURES[this.code];
    return this.details.hint ?? kind.hint;
  }

  /** The same failure, with more said about it. */
  with(details: FailureDetails): Failure {
    return new Failure(this.code, this.message, { cause: this, ...this.details, ...details });
  }

  /** Anything thrown, as a failure: what is none already is a bug here. */
  static from(thrown: unknown): Failure {
    if (thrown instanceof Failure) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new Failure("internal_error", `Internal error: ${message}`, { cause: thrown });
  }
}
