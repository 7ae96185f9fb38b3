import * as v from "valibot";
import { isJsonObject } from "../foundation/json.js";
import { answerObject } from "../protocol/answer-object.js";
import type { AccountHomeserver } from "../protocol/homeserver.js";
import type { Sealed } from "./aes-hmac-sha2.js";
import { MAX_ITERATIONS, MIN_ITERATIONS, type PassphraseParameters } from "./passphrase.js";

/**
 * What an account keeps in its account data as secret storage (Matrix specification, Client-Server API §Secrets).
 * All of it is the homeserver's word, and is only ever read.
 */

/** The secrets that are looked for, by their names in account data. */
export const CROSS_SIGNING_SECRETS = {
  master_key: "m.cross_signing.master",
  self_signing_key: "m.cross_signing.self_signing",
  user_signing_key: "m.cross_signing.user_signing",
} as const;
export const BACKUP_SECRET = "m.megolm_backup.v1";
export type SecretName =
  | (typeof CROSS_SIGNING_SECRETS)[keyof typeof CROSS_SIGNING_SECRETS]
  | typeof BACKUP_SECRET;
const SECRET_NAMES: readonly SecretName[] = [...Object.values(CROSS_SIGNING_SECRETS), BACKUP_SECRET];

export const ALGORITHM = "m.secret_storage.v1.aes-hmac-sha2";
export const DEFAULT_KEY = "m.secret_storage.default_key";
/** Followed by the key's ID. */
export const KEY_PREFIX = "m.secret_storage.key.";

/** How many keys of an account are looked at: it has one, or a second one while it moves. */
const MAX_KEYS = 4;

const ShortText = v.pipe(v.string(), v.maxLength(255));
const SealedText = v.pipe(v.string(), v.maxLength(4096));

const DefaultKey = answerObject({ key: v.pipe(ShortText, v.nonEmpty()) });

const KeyDescription = answerObject({
  algorithm: v.literal(ALGORITHM),
  iv: v.optional(ShortText, ""),
  mac: v.optional(ShortText, ""),
  passphrase: v.optional(v.unknown()),
});

const Passphrase = answerObject({
  algorithm: v.literal("m.pbkdf2"),
  salt: v.pipe(v.string(), v.maxLength(1024)),
  iterations: v.pipe(v.number(), v.integer(), v.minValue(MIN_ITERATIONS), v.maxValue(MAX_ITERATIONS)),
  bits: v.optional(v.literal(256), 256),
});

const SealedSecret = answerObject({ iv: SealedText, ciphertext: SealedText, mac: SealedText });

/** A key that the account has, without the key itself. */
export interface StoredKey {
  readonly id: string;
  /** Both empty where the description has no key check. */
  readonly check: { readonly iv: string; readonly mac: string };
  /** Absent where the key is made of no passphrase; `unusable` where how it is made can't be followed. */
  readonly passphrase?: PassphraseParameters | "unusable";
}

export interface SecretStorage {
  /** The default key first. */
  readonly keys: readonly StoredKey[];
  /** Whether there are keys whose description can't be used: of another algorithm, or damaged. */
  readonly hasUnusableKeys: boolean;
  readonly secrets: ReadonlyMap<SecretName, StoredSecret>;
}

/** A secret, sealed for each of some keys by their IDs. What it is sealed as is validated by `sealedFor`. */
export type StoredSecret = ReadonlyMap<string, unknown>;

/** @returns `damaged` for what can't be what the specification says; undefined where it isn't sealed for the key */
export function sealedFor(secret: StoredSecret | undefined, keyId: string): Sealed | "damaged" | undefined {
  const sealed = secret?.get(keyId);
  if (sealed === undefined || sealed === null) return undefined;
  const parsed = v.safeParse(SealedSecret, sealed);
  return parsed.success ? parsed.output : "damaged";
}

/** Reads what there is of secret storage, with at most ten requests. */
export async function readSecretStorage(
  homeserver: Pick<AccountHomeserver, "accountData">,
  userId: string,
  signal: AbortSignal,
): Promise<SecretStorage> {
  const read = (type: string) => homeserver.accountData(userId, type, signal);
  const secrets = new Map<SecretName, StoredSecret>();
  for (const name of SECRET_NAMES) secrets.set(name, storedSecret(await read(name)));
  const byDefault = v.safeParse(DefaultKey, await read(DEFAULT_KEY));
  const others = [...secrets.values()].flatMap((secret) => [...secret.keys()]);
  const ids = [...new Set([...(byDefault.success ? [byDefault.output.key] : []), ...others])];
  const keys: StoredKey[] = [];
  let hasUnusableKeys = false;
  for (const id of ids.filter((candidate) => candidate.length <= 255).slice(0, MAX_KEYS)) {
    const key = storedKey(id, await read(`${KEY_PREFIX}${id}`));
    if (key) keys.push(key);
    else hasUnusableKeys = true;
  }
  return { keys, hasUnusableKeys, secrets };
}

function storedSecret(content: Record<string, unknown> | undefined): StoredSecret {
  const encrypted = content?.["encrypted"];
  return new Map(isJsonObject(encrypted) ? Object.entries(encrypted) : []);
}

function storedKey(id: string, content: Record<string, unknown> | undefined): StoredKey | undefined {
  const parsed = v.safeParse(KeyDescription, content);
  if (!parsed.success) return undefined;
  const { iv, mac, passphrase } = parsed.output;
  const key = { id, check: { iv, mac } };
  return passphrase === undefined ? key : { ...key, passphrase: passphraseParameters(passphrase) };
}

function passphraseParameters(passphrase: unknown): PassphraseParameters | "unusable" {
  const parsed = v.safeParse(Passphrase, passphrase);
  return parsed.success ? parsed.output : "unusable";
}
