/**
 * Sets secret storage up as the published matrix-js-sdk does, and prints the account data and what opens it, as the
 * JSON of test/vectors/secret-storage.json. Started with the folder that the SDK is installed in.
 */

import { Console } from "node:console";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

globalThis.console = new Console(process.stderr);

const [folder] = process.argv.slice(2);
const sdk = join(folder, "node_modules", "matrix-js-sdk");
const load = (path) => import(pathToFileURL(join(sdk, "lib", path)).href);
const { ServerSideSecretStorageImpl, SECRET_STORAGE_ALGORITHM_V1_AES } = await load("secret-storage.js");
const { encodeRecoveryKey } = await load("crypto-api/recovery-key.js");
const { deriveRecoveryKeyFromPassphrase } = await load("crypto-api/key-passphrase.js");
const { encodeUnpaddedBase64 } = await load("base64.js");
const { version } = JSON.parse(readFileSync(join(sdk, "package.json"), "utf8"));

const ITERATIONS = 20_000;

async function setUp(passphrase) {
  const salt = encodeUnpaddedBase64(randomBytes(24));
  const key = passphrase
    ? await deriveRecoveryKeyFromPassphrase(passphrase, salt, ITERATIONS)
    : new Uint8Array(randomBytes(32));
  const data = new Map();
  const account = {
    getAccountDataFromServer: async (type) => data.get(type) ?? null,
    setAccountData: async (type, content) => void data.set(type, content),
  };
  const callbacks = { getSecretStorageKey: async ({ keys }) => [Object.keys(keys)[0], key] };
  const storage = new ServerSideSecretStorageImpl(account, callbacks);
  const { keyId } = await storage.addKey(SECRET_STORAGE_ALGORITHM_V1_AES, {
    key,
    ...(passphrase && { passphrase: { algorithm: "m.pbkdf2", iterations: ITERATIONS, salt } }),
  });
  await storage.setDefaultKeyId(keyId);
  const secrets = {};
  for (const name of ["cross_signing.master", "cross_signing.self_signing", "cross_signing.user_signing"]) {
    secrets[`m.${name}`] = encodeUnpaddedBase64(randomBytes(32));
  }
  secrets["m.megolm_backup.v1"] = encodeUnpaddedBase64(randomBytes(32));
  for (const [name, secret] of Object.entries(secrets)) await storage.store(name, secret);
  return {
    recovery_key: encodeRecoveryKey(key),
    ...(passphrase && { passphrase }),
    account_data: Object.fromEntries(data),
    secrets,
  };
}

const cases = [await setUp(), await setUp("correct horse; na\u{ef}ve staple \u{1f40e} ")];
process.stdout.write(`${JSON.stringify({ made_by: `matrix-js-sdk ${version}`, cases }, undefined, 2)}\n`);
