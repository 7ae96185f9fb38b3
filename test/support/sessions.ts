import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Environment, Machine } from "../../src/foundation/machine.js";
import { type Revealed, revealed, Secret } from "../../src/foundation/secret.js";
import { encodeBase64 } from "../../src/protocol/base64.js";
import type { JsonObject } from "../../src/protocol/canonical-json.js";
import { publicCrossSigningKeys } from "../../src/protocol/cross-signing.js";
import { publicIdentityKeys } from "../../src/protocol/device-keys.js";
import type { PublishedKeys } from "../../src/protocol/homeserver.js";
import { privateKeyBytes } from "../../src/protocol/raw-keys.js";
import type { SecretsBundle } from "../../src/protocol/secrets.js";
import { ed25519PublicKey, signJson } from "../../src/protocol/signatures.js";
import type { PortableSession } from "../../src/session/session-file.js";

export const USER = "@bot:example.org";
export const DEVICE = "ABCDEFGHIJ";

/** A directory that is gone after the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "matrix-qr-login-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A machine with these environment variables, by default one with Linux. */
export function machineWith(env: Environment, platform: NodeJS.Platform = "linux"): Machine {
  return {
    env,
    platform,
    homeDirectory: () => "/home/told-by-node",
    hostName: () => "builder-3.example.org",
  };
}

const newKey = () => new Secret(encodeBase64(randomBytes(32)));

export function newCrossSigningSecrets(): SecretsBundle["cross_signing"] {
  return { master_key: newKey(), self_signing_key: newKey(), user_signing_key: newKey() };
}

/** All that a session can have; what a client has made of it later is not there. */
export type FullSession = Required<Omit<PortableSession, "device_identity">>;

/** A session with everything that one can have. */
export function fullSession(): FullSession {
  return {
    base_url: "https://matrix.example.org/",
    user_id: USER,
    device_id: DEVICE,
    access_token: new Secret("access-token-1"),
    refresh_token: new Secret("refresh-token-1"),
    expires_at: "2026-01-01T00:05:00Z",
    token_lifetime_ms: 300_000,
    oauth: { issuer: "https://auth.example.org/", client_id: "client-1" },
    secrets: {
      cross_signing: newCrossSigningSecrets(),
      backup: { algorithm: "m.megolm_backup.v1.curve25519-aes-sha2", key: newKey(), backup_version: "1" },
    },
    device_keys_state: "uploaded",
    device_keys: { ed25519: newKey(), curve25519: newKey() },
  };
}

/** The session as it is in a file. */
export function fullSessionJson(): Revealed<FullSession> {
  return revealed(fullSession());
}

/** Everything in a session that nobody may see. */
export function secretsOf(session: Revealed<FullSession>): string[] {
  return [
    session.access_token,
    session.refresh_token,
    ...Object.values(session.secrets.cross_signing),
    session.secrets.backup?.key ?? "",
    ...Object.values(session.device_keys),
  ];
}

/** The object with one more signature by the user. */
export function signedBy(object: JsonObject, key: Secret): JsonObject {
  const signatures = (object["signatures"] ?? {}) as JsonObject;
  const byUser = (signatures[USER] ?? {}) as JsonObject;
  const seed = privateKeyBytes(key);
  const keyId = `ed25519:${ed25519PublicKey(seed)}`;
  return {
    ...object,
    signatures: { ...signatures, [USER]: { ...byUser, [keyId]: signJson(object, seed) } },
  };
}

function keyObject(usage: string, publicKey: string): JsonObject {
  return { user_id: USER, usage: [usage], keys: { [`ed25519:${publicKey}`]: publicKey } };
}

/** What /keys/query shows for a session whose device is verified. */
export function publishedKeys(session: FullSession): PublishedKeys {
  const secrets = session.secrets.cross_signing;
  const { master, selfSigning, userSigning } = publicCrossSigningKeys(secrets);
  const { curve25519, ed25519 } = publicIdentityKeys(session.device_keys);
  const deviceKeys: JsonObject = {
    user_id: USER,
    device_id: DEVICE,
    algorithms: ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
    keys: { [`curve25519:${DEVICE}`]: curve25519, [`ed25519:${DEVICE}`]: ed25519 },
  };
  return {
    masterKey: keyObject("master", master),
    selfSigningKey: signedBy(keyObject("self_signing", selfSigning), secrets.master_key),
    userSigningKey: signedBy(keyObject("user_signing", userSigning), secrets.master_key),
    deviceKeys: { [DEVICE]: signedBy(deviceKeys, secrets.self_signing_key) },
  };
}
