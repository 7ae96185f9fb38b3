import * as v from "valibot";
import { Failure } from "../foundation/failures.js";
import { isUserId } from "../foundation/identifiers.js";
import { isJsonObject, parseJson } from "../foundation/json.js";
import { revealed, Secret } from "../foundation/secret.js";
import { DEVICE_KEYS_STATES, SESSION_STATES } from "../foundation/session-states.js";
import { Token } from "../homeserver/token-schema.js";
import { decodeBase64 } from "../protocol/base64.js";
import { PrivateKey, SecretsBundle } from "../protocol/secrets.js";
import { unusableSession } from "./files.js";

const HttpUrl = v.pipe(v.string(), v.maxLength(2048), v.check(isHttpUrl, "is not an http or https URL"));

const Timestamp = v.pipe(
  v.string(),
  v.maxLength(64),
  v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/, "is not an RFC 3339 time"),
  v.check((text) => !Number.isNaN(Date.parse(text)), "is not an RFC 3339 time"),
);

const PublicKey = v.pipe(
  v.string(),
  v.check((text) => decodeBase64(text)?.length === 32, "is not unpadded base64 of 32 bytes"),
);

const UserId = v.pipe(v.string(), v.check(isUserId, "is not a user ID"));

/** The private halves of the keys by which the device is known: an Ed25519 seed and a Curve25519 key. */
const DevicePrivateKeys = v.object({ ed25519: PrivateKey, curve25519: PrivateKey });

/** The public halves of the keys by which a client has made the device known. */
const DevicePublicKeys = v.object({ ed25519: PublicKey, curve25519: PublicKey });

const sharedEntries = {
  base_url: HttpUrl,
  device_id: v.pipe(v.string(), v.nonEmpty("is empty"), v.maxLength(255)),
  access_token: v.exactOptional(Token),
  refresh_token: v.exactOptional(Token),
  expires_at: v.exactOptional(Timestamp),
  token_lifetime_ms: v.exactOptional(
    v.pipe(
      v.number(),
      v.check((ms) => Number.isSafeInteger(ms) && ms >= 0, "is not a whole number of milliseconds"),
    ),
  ),
  oauth: v.exactOptional(
    v.object({ issuer: HttpUrl, client_id: v.pipe(v.string(), v.nonEmpty("is empty"), v.maxLength(2048)) }),
  ),
  secrets: v.exactOptional(SecretsBundle),
  device_keys_state: v.exactOptional(v.picklist(DEVICE_KEYS_STATES)),
  device_keys: v.exactOptional(DevicePrivateKeys),
  device_identity: v.exactOptional(DevicePublicKeys),
};

/** A session as programs hand it to each other: `session import` takes it, `session export` gives it. */
export const PortableSession = v.object({ ...sharedEntries, access_token: Token, user_id: UserId });
export type PortableSession = v.InferOutput<typeof PortableSession>;

export const StoredSessionEntries = v.object({
  ...sharedEntries,
  user_id: v.exactOptional(UserId),
  state: v.optional(v.picklist(SESSION_STATES), "complete"),
  /** When the refresh token was first sent, as long as no answer has come. */
  refresh_asked_at: v.exactOptional(Timestamp),
  /** When the access token was imported, where nothing says for how long it was granted. */
  token_seen_at: v.exactOptional(Timestamp),
  created_at: v.exactOptional(Timestamp),
  /** What unlocks the session at its proxy on this machine, and nowhere else. */
  proxy_token: v.exactOptional(Token),
  device_name: v.exactOptional(v.pipe(v.string(), v.maxLength(1024))),
});

/**
 * What a session file holds. A portable session is one, with the state `complete`. Only a session that was
 * never finished lacks the user ID; one of which the tokens never came lacks those too.
 */
export const StoredSession = v.pipe(
  StoredSessionEntries,
  v.forward(
    v.check(
      (session) =>
        session.user_id !== undefined ||
        session.state === "incomplete" ||
        session.state === "revocation_pending",
      "is missing",
    ),
    ["user_id"],
  ),
  v.forward(
    v.check((session) => session.access_token !== undefined || session.state === "incomplete", "is missing"),
    ["access_token"],
  ),
);
export type StoredSession = v.InferOutput<typeof StoredSession>;

/**
 * Reads the JSON text of a session file.
 *
 * @param origin where the text is from, for the message
 * @throws {Failure} `session_invalid`, naming the field but never its value
 */
export function parseStoredSession(text: string, origin: string): StoredSession {
  return parse(StoredSession, text, origin);
}

/**
 * Reads the JSON text of a portable session, leaving out what isn't part of one.
 *
 * @param origin where the text is from, for the message
 * @throws {Failure} `session_invalid`, naming the field but never its value
 */
export function parsePortableSession(text: string, origin: string): PortableSession {
  return parse(PortableSession, text, origin);
}

/** A session that was handed in: what of it is understood here, and all that it holds. */
export interface HandedInSession {
  readonly portable: PortableSession;
  /** The JSON object that it came as, other programs' fields included. */
  readonly json: Secret;
}

/**
 * Reads the JSON text of a session that is imported.
 *
 * @param origin where the text is from, for the message
 * @throws {Failure} `session_invalid`, naming the field but never its value
 */
export function parseHandedIn(text: string, origin: string): HandedInSession {
  return { portable: parsePortableSession(text, origin), json: new Secret(text) };
}

/** A session that was made here, as if it had been handed in. */
export function asHandedIn(portable: PortableSession): HandedInSession {
  return { portable, json: new Secret(JSON.stringify(revealed(portable))) };
}

/** A session with these secrets in the place of its own. */
export function withSecrets({ portable, json }: HandedInSession, secrets: SecretsBundle): HandedInSession {
  const fields = { ...parseJsonObject(json.reveal(), "the session"), secrets: revealed(secrets) };
  return { portable: { ...portable, secrets }, json: new Secret(JSON.stringify(fields)) };
}

/**
 * @returns the session as other programs take it
 * @throws {Failure} `session_incomplete` when its sign-in never finished, `session_dead` after a logout
 */
export function toPortable(session: StoredSession): PortableSession {
  if (session.state === "revocation_pending") {
    const message = "This session was signed out; only its tokens could not be revoked yet.";
    throw new Failure("session_dead", message, { hint: "Sign it out again." });
  }
  if (session.state === "incomplete") throw new Failure("session_incomplete");
  return v.parse(PortableSession, revealed(session));
}

/** @throws {Failure} `session_incomplete` where its sign-in ended before there were tokens */
export function accessTokenOf({ access_token }: Pick<StoredSession, "access_token">): Secret {
  if (!access_token) throw new Failure("session_incomplete");
  return access_token;
}

/** @throws {Failure} `session_invalid` when the text is no JSON object */
export function parseJsonObject(text: string, origin: string): Record<string, unknown> {
  const json = parseJson(text);
  if (json === undefined) throw unusableSession(origin, "it is not JSON");
  if (!isJsonObject(json)) throw unusableSession(origin, "it is not a JSON object");
  return json;
}

function parse<T extends v.GenericSchema>(schema: T, text: string, origin: string): v.InferOutput<T> {
  const fields = Object.entries(parseJsonObject(text, origin)).filter(([, value]) => !isVoid(value));
  const result = v.safeParse(schema, Object.fromEntries(fields), { abortEarly: true });
  if (!result.success) throw unusableSession(origin, describeIssue(result.issues[0]));
  return result.output;
}

/** Programs write null for what they lack, or for all that it would consist of. */
function isVoid(value: unknown): boolean {
  return isJsonObject(value) ? Object.values(value).every((member) => member === null) : value === null;
}

/** Names the field. The library's own messages quote the value, so only ours are used. */
function describeIssue(issue: v.BaseIssue<unknown>): string {
  const field = v.getDotPath(issue) ?? "the session";
  if (issue.type === "max_length") return `"${field}" is too long`;
  if (issue.kind === "validation") return `"${field}" ${issue.message}`;
  return `"${field}" ${issue.received === "undefined" ? "is missing" : "has the wrong type or value"}`;
}

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
}
