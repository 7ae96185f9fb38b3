import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { revealed, Secret } from "../../src/foundation/secret.js";
import { openSecretStorage } from "../../src/secret-storage/open.js";
import { MATRIX_JS_SDK } from "../support/peers.js";
import { bundleOf, homeserverOf, type StoredAccount } from "../support/secret-storage.js";
import { USER } from "../support/sessions.js";

const SCRIPT = fileURLToPath(new URL("../peers/matrix-js-sdk/secret-storage.mjs", import.meta.url));
const { signal } = new AbortController();

/** Secret storage that matrix-js-sdk sets up now, as it did for test/vectors/secret-storage.json. */
async function setUpByPeer(): Promise<readonly StoredAccount[]> {
  const [node, , folder = ""] = MATRIX_JS_SDK.command;
  const { stdout } = await promisify(execFile)(node, [SCRIPT, folder]);
  return JSON.parse(stdout).cases;
}

it("opens what matrix-js-sdk has set up, with the recovery key and with the passphrase", async ({ skip }) => {
  const { name, missing } = MATRIX_JS_SDK;
  if (missing) skip(`${name} is ${missing}`);
  const accounts = await setUpByPeer();
  const keys = accounts.flatMap((account) =>
    [account.recovery_key, account.passphrase].map((key) => ({ account, key })),
  );
  const given = keys.filter(({ key }) => key !== undefined);
  expect(given).toHaveLength(3);
  for (const { account, key } of given) {
    const opened = await openSecretStorage(homeserverOf(account), USER, new Secret(key ?? ""), signal);
    expect(revealed(opened)).toEqual(bundleOf(account));
  }
});
