import { describe, expect, it } from "vitest";
import { revealed, Secret } from "../../src/foundation/secret.js";
import { seal } from "../../src/secret-storage/aes-hmac-sha2.js";
import { openSecretStorage } from "../../src/secret-storage/open.js";
import { MAX_ITERATIONS, MIN_ITERATIONS } from "../../src/secret-storage/passphrase.js";
import { ALGORITHM, DEFAULT_KEY, KEY_PREFIX } from "../../src/secret-storage/stored.js";
import { expectFailure } from "../support/failures.js";
import {
  bundleOf,
  homeserverOf,
  KEY_ID,
  newStoredKey,
  type StoredAccount,
  storedAccount,
} from "../support/secret-storage.js";
import { USER } from "../support/sessions.js";
import { readVectors } from "../support/vectors.js";

const { signal } = new AbortController();
const DESCRIPTION = `${KEY_PREFIX}${KEY_ID}`;
const MASTER = "m.cross_signing.master";
const BACKUP = "m.megolm_backup.v1";

async function open(account: StoredAccount, text = account.recovery_key, homeserver = homeserverOf(account)) {
  return revealed(await openSecretStorage(homeserver, USER, new Secret(text), signal));
}

/** Another account's recovery key. */
const stranger = () => newStoredKey().recoveryKey;

function description(account: StoredAccount): Record<string, unknown> {
  const found = account.account_data[DESCRIPTION];
  if (!found) throw new TypeError("The account has a key.");
  return found;
}

/** A secret as it is sealed for the default key. */
function sealed(account: StoredAccount, name: string): Record<string, unknown> {
  const { encrypted } = account.account_data[name] as { encrypted: Record<string, Record<string, unknown>> };
  const found = encrypted[KEY_ID];
  if (!found) throw new TypeError("It is sealed for the key.");
  return found;
}

/** Damages what is sealed, as it is said. */
function damage(account: StoredAccount, name: string): void {
  sealed(account, name)["ciphertext"] = seal(newStoredKey().key, name, Buffer.alloc(43)).ciphertext;
}

describe("secret storage that matrix-js-sdk has set up (test/peers/matrix-js-sdk/secret-storage.mjs)", () => {
  const { cases } = readVectors<{ cases: readonly StoredAccount[] }>("secret-storage.json");

  it.each(cases)("opens with the recovery key $recovery_key", async (account) => {
    expect(await open(account)).toEqual(bundleOf(account));
  });

  it("opens with the passphrase, as it was typed, its last space included", async () => {
    const withPassphrase = cases.filter(({ passphrase }) => passphrase !== undefined);
    expect(withPassphrase).toHaveLength(1);
    for (const account of withPassphrase) {
      expect(await open(account, account.passphrase)).toEqual(bundleOf(account));
      await expectFailure("recovery_key_wrong", () => open(account, account.passphrase?.trim()));
    }
  });
});

describe("which key is meant", () => {
  it("is the default key", async () => {
    const account = storedAccount();
    const homeserver = homeserverOf(account);
    await open(account, account.recovery_key, homeserver);
    expect(homeserver.asked).toContain(`${USER} ${DEFAULT_KEY}`);
    expect(homeserver.asked).toContain(`${USER} ${DESCRIPTION}`);
  });

  it("may be another one that the secrets are sealed for too", async () => {
    const other = newStoredKey();
    const account = storedAccount({ [KEY_ID]: newStoredKey(), other });
    expect(await open(account, other.recoveryKey)).toEqual(bundleOf(account));
    expect(await open(account)).toEqual(bundleOf(account));
  });

  it("is found without a default key", async () => {
    const account = storedAccount();
    delete account.account_data[DEFAULT_KEY];
    expect(await open(account)).toEqual(bundleOf(account));
  });

  it("is looked for among four keys, whatever the homeserver says", async () => {
    const keys = Array.from({ length: 40 }, (_, at) => [`key${at}`, newStoredKey()] as const);
    const account = storedAccount(Object.fromEntries(keys));
    const homeserver = homeserverOf(account);
    await expectFailure("recovery_key_wrong", () => open(account, stranger(), homeserver));
    expect(homeserver.asked.filter((asked) => asked.includes(KEY_PREFIX))).toHaveLength(4);
  });
});

describe("a wrong key", () => {
  it("is told from damaged secrets by the key check", async () => {
    const account = storedAccount();
    const failure = await expectFailure("recovery_key_wrong", () => open(account, stranger()));
    expect(failure.kind).toBe("local");
    damage(account, MASTER);
    const damaged = await expectFailure("secret_storage_damaged", () => open(account));
    expect(damaged.kind).toBe("local");
    expect(damaged.message).toContain(MASTER);
  });

  it("is told by the secrets where the account has no key check", async () => {
    const account = storedAccount();
    account.account_data[DESCRIPTION] = { algorithm: ALGORITHM };
    expect(await open(account)).toEqual(bundleOf(account));
    await expectFailure("recovery_key_wrong", () => open(account, stranger()));
    damage(account, MASTER);
    await expectFailure("secret_storage_damaged", () => open(account));
  });

  it.each([
    ["Es 0", /its character 3 is none/],
    ["EsTW nzTJ", /it has 8 characters instead of 48/],
  ])("is told from what is no recovery key: %s", async (text, problem) => {
    const failure = await expectFailure("recovery_key_malformed", () => open(storedAccount(), text));
    expect(failure.message).toMatch(problem);
    expect(failure.message).toContain("has no passphrase");
  });

  it("may be meant as a recovery key or as a passphrase, and both are answered", async () => {
    const account = storedAccount();
    const passphrase = { algorithm: "m.pbkdf2", salt: "salt", iterations: MIN_ITERATIONS };
    account.account_data[DESCRIPTION] = { ...description(account), passphrase };
    const failure = await expectFailure("recovery_key_wrong", () => open(account, "hunter2"));
    expect(failure.message).toMatch(/isn't the passphrase.*it has 7 characters instead of 48/);
    expect(failure.message).not.toContain("hunter2");
    expect(await open(account)).toEqual(bundleOf(account));
  });
});

describe("a passphrase", () => {
  it.each([
    { algorithm: "m.scrypt" },
    { iterations: MIN_ITERATIONS - 1 },
    { iterations: MAX_ITERATIONS + 1 },
    { iterations: 1e300 },
    { iterations: "1000" },
    { bits: 128 },
    { salt: "s".repeat(2000) },
    { salt: undefined },
  ])("is not made a key of as a homeserver says that can't be right: %j", async (change) => {
    const account = storedAccount();
    const passphrase = { algorithm: "m.pbkdf2", salt: "salt", iterations: MIN_ITERATIONS, ...change };
    account.account_data[DESCRIPTION] = { ...description(account), passphrase };
    const failure = await expectFailure("recovery_key_malformed", () => open(account, "passphrase"));
    expect(failure.message).toContain("can't be followed here");
    // The key itself still opens it.
    expect(await open(account)).toEqual(bundleOf(account));
  });
});

describe("an account", () => {
  it("may have no secret storage at all", async () => {
    await expectFailure("secret_storage_missing", () => open({ ...storedAccount(), account_data: {} }));
  });

  it.each([{ algorithm: "m.secret_storage.v2" }, { algorithm: 1 }, { iv: "i".repeat(300) }])(
    "may have a key that can't be used: %j",
    async (change) => {
      const account = storedAccount();
      account.account_data[DESCRIPTION] = { ...description(account), ...change };
      const failure = await expectFailure("secret_storage_damaged", () => open(account));
      expect(failure.message).toContain("of an algorithm not known here");
    },
  );

  it("may lack one of the cross-signing keys in there, which is named", async () => {
    const account = storedAccount();
    delete account.account_data["m.cross_signing.user_signing"];
    const failure = await expectFailure("secret_storage_missing", () => open(account));
    expect(failure.message).toContain("m.cross_signing.user_signing");
  });

  it("may have no backup key in there", async () => {
    const account = storedAccount();
    account.account_data[BACKUP] = {};
    const { cross_signing } = bundleOf(account);
    expect(await open(account)).toEqual({ cross_signing });
  });

  it.each([
    undefined,
    { version: "7", algorithm: "m.other", publicKey: "x" },
    { version: "7", algorithm: "m.megolm_backup.v1.curve25519-aes-sha2" },
  ])("may have no backup that the key could be held to: %j", async (current) => {
    const account = storedAccount();
    const homeserver = { ...homeserverOf(account), backupVersion: async () => current };
    const { cross_signing } = bundleOf(account);
    expect(await open(account, account.recovery_key, homeserver)).toEqual({ cross_signing });
  });

  it.each(["not a key", Buffer.alloc(31).toString("base64"), "", "\u0000\uffff"])(
    "may have something else sealed in a key's place: %j",
    async (content) => {
      const only = newStoredKey();
      const account = storedAccount({ [KEY_ID]: only });
      account.account_data[MASTER] = {
        encrypted: { [KEY_ID]: seal(only.key, MASTER, Buffer.from(content)) },
      };
      const failure = await expectFailure("secret_storage_damaged", () => open(account));
      if (content) expect(failure.message).not.toContain(content);
    },
  );

  it("may have null in a key's place, which is nothing", async () => {
    const account = storedAccount();
    account.account_data[MASTER] = { encrypted: { [KEY_ID]: null } };
    await expectFailure("secret_storage_missing", () => open(account));
  });

  it.each([{}, { iv: 1 }, "text", []])("may have nonsense sealed in a key's place: %j", async (content) => {
    const account = storedAccount();
    account.account_data[MASTER] = { encrypted: { [KEY_ID]: content } };
    await expectFailure("secret_storage_damaged", () => open(account));
  });
});

describe("secrets that aren't the account's", () => {
  it.each([
    "m.cross_signing.master",
    "m.cross_signing.self_signing",
    "m.cross_signing.user_signing",
    "m.megolm_backup.v1",
  ])("are a matter of security: %s", async (name) => {
    const only = newStoredKey();
    const account = storedAccount({ [KEY_ID]: only });
    const other = storedAccount().secrets[MASTER];
    account.account_data[name] = { encrypted: { [KEY_ID]: seal(only.key, name, Buffer.from(other)) } };
    const failure = await expectFailure("secrets_mismatch", () => open(account));
    expect(failure.kind).toBe("security");
  });

  it("are nobody's where the account publishes no keys", async () => {
    const account = storedAccount();
    const homeserver = { ...homeserverOf(account), queryKeys: async () => ({ deviceKeys: {} }) };
    await expectFailure("cross_signing_missing", () => open(account, account.recovery_key, homeserver));
  });
});
