import type { LoginEvent } from "../../src/foundation/events.js";

const EXPIRES_AT = "2026-01-01T00:02:00.000Z";

/** MSC4388's example code: 123 bytes. */
export const PAYLOAD = Buffer.concat([
  Buffer.from("MATRIX"),
  Buffer.from([0x03, 0x00]),
  Buffer.alloc(115, 0xa5),
])
  .toString("base64")
  .replace(/=+$/, "");

/** One of each kind: the type makes a missing one an error. */
export const EXAMPLES: { readonly [Kind in LoginEvent["event"]]: Extract<LoginEvent, { event: Kind }> } = {
  started: { event: "started", version: "0.1.0", role: "new", contract: 1 },
  rendezvous_created: {
    event: "rendezvous_created",
    base_url: "https://matrix.example.org/",
    expires_in_ms: 120_000,
    expires_at: EXPIRES_AT,
    channel: "msc4388",
  },
  qr: {
    event: "qr",
    payload: PAYLOAD,
    intent: "new",
    channel: "msc4388",
    expires_in_ms: 120_000,
    expires_at: EXPIRES_AT,
  },
  scanned: { event: "scanned", intent: "new", channel: "msc4388", base_url: "https://matrix.example.org/" },
  secure_channel: { event: "secure_channel", channel: "msc4388", dialect: "msc" },
  check_code: { event: "check_code", check_code: "42" },
  check_code_required: { event: "check_code_required", expires_in_ms: 90_000, attempts_left: 3 },
  check_code_rejected: { event: "check_code_rejected", attempts_left: 1 },
  homeserver: {
    event: "homeserver",
    base_url: "https://matrix.example.org/",
    issuer: "https://auth.example.org/",
  },
  verification: {
    event: "verification",
    verification_uri: "https://auth.example.org/link",
    verification_uri_complete: "https://auth.example.org/link?code=ABCDEF",
    user_code: "ABC-DEF",
  },
  browser: { event: "browser", opened: true },
  waiting_for_consent: {
    event: "waiting_for_consent",
    user_code: "ABC-DEF",
    expires_in_ms: 1_200_000,
    interval_ms: 5_000,
  },
  signed_in: {
    event: "signed_in",
    user_id: "@bot:example.org",
    device_id: "ABCDEFGHIJ",
    base_url: "https://matrix.example.org/",
  },
  device_online: { event: "device_online", device_id: "ABCDEFGHIJ" },
  secrets_sent: { event: "secrets_sent", cross_signing: true, backup_version: "3" },
  secrets_received: { event: "secrets_received", cross_signing: true },
  verified: { event: "verified", device_id: "ABCDEFGHIJ" },
  warning: { event: "warning", code: "shared_session", message: "One of the two will be signed out." },
  done: {
    event: "done",
    role: "new",
    user_id: "@bot:example.org",
    device_id: "ABCDEFGHIJ",
    verified: true,
    device_keys: "uploaded",
    session: "/home/me/.local/state/matrix-qr-login/bot.json",
  },
  failure: {
    event: "failure",
    code: "consent_declined",
    message: "The sign-in was declined on the consent page.",
    hint: "Start again if that was a mistake.",
    exit_code: 3,
    cleanup: "none",
  },
};
