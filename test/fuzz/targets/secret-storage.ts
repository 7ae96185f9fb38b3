import { createSecretKey, KeyObject } from "node:crypto";
import fc from "fast-check";
import { expect } from "vitest";
import { Failure } from "../../../src/foundation/failures.js";
import { isJsonObject, parseJson } from "../../../src/foundation/json.js";
import { Secret } from "../../../src/foundation/secret.js";
import { openSealed, passesKeyCheck, seal } from "../../../src/secret-storage/aes-hmac-sha2.js";
import { openSecretStorage } from "../../../src/secret-storage/open.js";
import { decodeRecoveryKey, encodeRecoveryKey } from "../../../src/secret-storage/recovery-key.js";
import { homeserverOf, KEY_ID, newStoredKey, storedAccount } from "../../support/secret-storage.js";
import { USER } from "../../support/sessions.js";
import { anyText, changedJson, jsonChanges, key32, nearlyText } from "../arbitraries.js";
import { outcomeOf, type Target, target } from "../target.js";

const { signal } = new AbortController();
const ACCOUNT = storedAccount({ [KEY_ID]: newStoredKey(), other: newStoredKey() });
const RECOVERY_KEY = new Secret(ACCOUNT.recovery_key);
const recoveryKeys = key32.map((key) => encodeRecoveryKey(key));

export const secretStorageTargets: readonly Target[] = [
  target(
    "a recovery key is read as it was written, however it is grouped",
    200,
    fc.tuple(key32, fc.nat(9)),
    ([key, size]) => {
      const regrouped = encodeRecoveryKey(key).replaceAll(" ", "").match(/./g)?.join(" ".repeat(size)) ?? "";
      const decoded = decodeRecoveryKey(new Secret(regrouped));
      expect(decoded).toBeInstanceOf(KeyObject);
      if (decoded instanceof KeyObject) expect(new Uint8Array(decoded.export())).toEqual(key);
    },
  ),

  target(
    "what is no recovery key is told so, and not quoted",
    500,
    fc.oneof(nearlyText(recoveryKeys), anyText),
    (text) => {
      const decoded = decodeRecoveryKey(new Secret(text));
      if (decoded instanceof KeyObject) {
        expect(encodeRecoveryKey(decoded.export()).replaceAll(" ", "")).toBe(text.replaceAll(/\s/g, ""));
        return;
      }
      const quotable = text.split(/\s+/).filter((word) => word.length > 4 && /\d/.test(word));
      for (const word of quotable) expect(decoded.what).not.toContain(word);
    },
  ),

  target(
    "a secret that was sealed opens with its key and name, and only unchanged",
    200,
    fc.tuple(
      key32,
      anyText,
      fc.uint8Array({ maxLength: 100 }),
      fc.constantFrom("iv", "ciphertext", "mac"),
      fc.nat(200),
    ),
    ([bytes, name, secret, field, at]) => {
      const key = createSecretKey(bytes);
      const sealed = seal(key, name, secret);
      expect(new Uint8Array(openSealed(key, name, sealed) ?? [])).toEqual(secret);
      expect(openSealed(key, `${name}?`, sealed)).toBeUndefined();
      const text = sealed[field];
      const place = at % Math.max(1, text.length);
      const changed = `${text.slice(0, place)}${text[place] === "A" ? "B" : "A"}${text.slice(place + 1)}`;
      const opened = openSealed(key, name, { ...sealed, [field]: changed });
      // The IV has no MAC: whoever changes it changes the text, which is then no key of what is published. A few bytes
      // may come out the same.
      if (field !== "iv") expect(opened).toBeUndefined();
      else if (secret.length >= 16) expect(opened?.equals(secret) ?? false).toBe(false);
    },
  ),

  target(
    "a key check is passed, failed or none, whatever it is",
    300,
    fc.record({ iv: fc.oneof(anyText, fc.base64String()), mac: fc.oneof(anyText, fc.base64String()) }),
    (check) => {
      expect([false, undefined]).toContain(passesKeyCheck(createSecretKey(Buffer.alloc(32)), check));
    },
  ),

  target(
    "secret storage gives the account's keys or fails, whatever the homeserver keeps",
    40,
    fc.dictionary(fc.constantFrom(...Object.keys(ACCOUNT.account_data)), jsonChanges, { maxKeys: 3 }),
    async (changed) => {
      const account_data = Object.fromEntries(
        Object.entries(ACCOUNT.account_data).map(([type, content]) => {
          const changes = Object.hasOwn(changed, type) ? changed[type] : undefined;
          const json = changes === undefined ? content : parseJson(changedJson(content, changes));
          return [type, isJsonObject(json) ? json : {}];
        }),
      );
      const homeserver = homeserverOf({ ...ACCOUNT, account_data });
      const outcome = await outcomeOf(() => openSecretStorage(homeserver, USER, RECOVERY_KEY, signal));
      expect(homeserver.asked.length).toBeLessThanOrEqual(10);
      if (outcome instanceof Failure) return;
      expect(outcome.cross_signing.master_key.reveal()).toBe(ACCOUNT.secrets["m.cross_signing.master"]);
    },
  ),
];
