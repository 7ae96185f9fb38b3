import * as v from "valibot";
import type { LoginEvent } from "../../src/foundation/events.js";
import { FAILURES } from "../../src/foundation/failure-table.js";

/** The contract of `--json`, written down a second time: what every line of a sign-in has to be. */

const text = v.pipe(v.string(), v.nonEmpty());
const unpaddedBase64 = v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]+$/));
const duration = v.pipe(v.number(), v.integer(), v.minValue(0));
const time = v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/));
const url = v.pipe(v.string(), v.url());
const intent = v.picklist(["new", "existing"]);
const channel = v.picklist(["msc4388", "msc4108-2024"]);
const checkCode = v.pipe(v.string(), v.regex(/^\d\d$/));
const deviceId = v.pipe(v.string(), v.minLength(10));
const userId = v.pipe(v.string(), v.regex(/^@[^:]+:.+$/));
const snakeCase = v.pipe(v.string(), v.regex(/^[a-z0-9]+(_[a-z0-9]+)*$/));
/** What a person is told fits on a line, says something, and shows nothing of the program's inside. */
const sentence = v.pipe(v.string(), v.regex(/^[^\p{Cc}]+[.?]$/u));

const EVENTS = {
  started: { version: text, role: intent, alone: v.exactOptional(v.literal(true)), contract: v.literal(1) },
  rendezvous_created: { base_url: url, expires_in_ms: duration, expires_at: time, channel },
  qr: {
    payload: unpaddedBase64,
    intent,
    channel,
    expires_in_ms: duration,
    expires_at: time,
    file: v.exactOptional(text),
  },
  scanned: { intent, channel, base_url: url },
  secure_channel: {
    channel,
    dialect: v.exactOptional(v.picklist(["msc", "vodozemac-0.11.1", "vodozemac-0.11.0"])),
  },
  check_code: {
    check_code: checkCode,
    alternative: v.exactOptional(checkCode),
    expires_in_ms: v.exactOptional(duration),
  },
  check_code_required: { expires_in_ms: duration, attempts_left: v.picklist([1, 2, 3]) },
  check_code_rejected: { attempts_left: v.picklist([0, 1, 2]) },
  homeserver: { base_url: url, issuer: url },
  verification: {
    verification_uri: url,
    verification_uri_complete: v.exactOptional(url),
    user_code: v.exactOptional(text),
    expires_in_ms: v.exactOptional(duration),
  },
  browser: {
    opened: v.boolean(),
    by: v.exactOptional(v.picklist(["printing", "system_browser", "command"])),
  },
  waiting_for_consent: { user_code: text, expires_in_ms: duration, interval_ms: duration },
  signed_in: { user_id: userId, device_id: deviceId, base_url: url },
  device_online: { device_id: deviceId },
  secrets_sent: { cross_signing: v.boolean(), backup_version: v.exactOptional(text) },
  secrets_received: { cross_signing: v.boolean(), backup_version: v.exactOptional(text) },
  verified: { device_id: deviceId },
  warning: { code: snakeCase, message: sentence },
  done: {
    role: intent,
    user_id: userId,
    device_id: deviceId,
    verified: v.exactOptional(v.boolean()),
    device_keys: v.exactOptional(v.picklist(["uploaded", "deferred"])),
    session: v.exactOptional(text),
  },
  failure: {
    code: v.pipe(
      v.string(),
      v.check((code) => Object.hasOwn(FAILURES, code), "is in the failure table"),
    ),
    message: sentence,
    hint: v.exactOptional(text),
    reason: v.exactOptional(text),
    homeserver: v.exactOptional(text),
    exit_code: v.pipe(v.number(), v.integer(), v.minValue(1)),
    cleanup: v.picklist(["none", "revoked", "pending", "impossible"]),
    device_id: v.exactOptional(deviceId),
    session: v.exactOptional(text),
  },
} satisfies Record<LoginEvent["event"], v.ObjectEntries>;

/**
 * Reads one line of a sign-in's `--json`.
 *
 * @throws where it isn't what the contract says: another kind, a field missing, of another type, or unknown
 */
export function parseEvent(line: string): LoginEvent {
  const json = JSON.parse(line) as Record<string, unknown>;
  const kind = String(json["event"]);
  if (Object.keys(json)[0] !== "event" || !Object.hasOwn(EVENTS, kind)) {
    throw new Error(`Not an event of the contract: ${line}`);
  }
  const schema = v.strictObject({ event: v.string(), ...EVENTS[kind as LoginEvent["event"]] });
  const parsed = v.safeParse(schema, json);
  if (parsed.success) return parsed.output as unknown as LoginEvent;
  const issues = parsed.issues.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`);
  throw new Error(`${line}\nis not what the contract says of it: ${issues.join("; ")}`);
}
