import { readFile, writeFile } from "node:fs/promises";
import { describe, expect } from "vitest";
import type { ExistingSession } from "../../src/dev-homeserver/dev-homeserver.js";
import type { ProcessEnd } from "../support/cli-process.js";
import { expectFailureOf } from "../support/failed-runs.js";
import { it, type Machine } from "../support/machine.js";
import { newStoredKey } from "../support/secret-storage.js";
import { type StackAccount, StackDevice, setUpAccount } from "../support/stack-account.js";
import { expectNothingLeft, provideSite, signIn, signInUntilConsent } from "../support/stack-sign-in.js";

const site = provideSite();

async function readSession(machine: Machine, name: string): Promise<ExistingSession> {
  return JSON.parse(await readFile(`${machine.sessionsFolder}/${name}.json`, "utf8"));
}

/** What `session check` says of token, device, secrets and backup, in this order. */
function checked({ code, stdout }: ProcessEnd) {
  return [code, ...stdout.split("\n").map((line) => line.split(/\s+/, 2).join(" "))];
}

/** `session import` of an account's access token, as the session `bot`, which gets its secrets with that key. */
async function importArguments(machine: Machine, { baseUrl, device }: StackAccount, recoveryKey: string) {
  const [token, key] = [machine.path("token"), machine.path("recovery-key")];
  await writeFile(token, device.accessToken);
  await writeFile(key, recoveryKey);
  const of = ["--homeserver", baseUrl.href, "--token-file", token, "--recovery-key-file", key];
  return ["session", "import", "--session", "bot", ...of];
}

describe.concurrent("an access token is imported", () => {
  it("with the account's secrets from secret storage; when another client renews the backup, a check warns", async ({
    machine,
  }) => {
    // Not alice's: her backup is that of the other tests.
    const account = await setUpAccount(site().stack, "bob");
    const imported = await machine.run(await importArguments(machine, account, account.recoveryKey));
    expect(imported.code, imported.stderr).toBe(0);
    const { user_id, device_id, secrets } = account.existingSession;
    expect(await readSession(machine, "bot")).toMatchObject({ user_id, device_id, secrets });
    const check = ["session", "check", "bot"];
    expect(checked(await machine.run(check))).toEqual([
      ...[0, "ok token", "ok device", "ok secrets", "ok backup", ""],
    ]);

    const algorithm = "m.megolm_backup.v1.curve25519-aes-sha2";
    const auth_data = { public_key: Buffer.alloc(32, 9).toString("base64").replace("=", "") };
    await account.device.ask("POST /_matrix/client/v3/room_keys/version", { algorithm, auth_data });
    expect(checked(await machine.run(check))).toEqual([
      ...[0, "ok token", "ok device", "ok secrets", "warning backup", ""],
    ]);
  });

  it("and nothing is kept of it where the recovery key is another account's", async ({ machine }) => {
    const { recoveryKey } = newStoredKey();
    const args = await importArguments(machine, site().account, recoveryKey);
    const run = machine.start([...args, "--json"], { stdin: "none" });
    await expectFailureOf(run, "recovery_key_wrong");
    expect(await machine.sessionFiles()).toEqual([]);
  });
});

describe.concurrent("a session whose device keys are deferred", () => {
  it("waits for its client, is verified once that one's keys are signed, moves on whole, and is signed out", async ({
    machine,
  }) => {
    const { observer } = site();
    const pair = await signInUntilConsent(machine, site(), "new", { generate: ["--device-keys", "defer"] });
    const { newDevice, deviceId } = pair;
    await pair.decide("allow");
    expect((await newDevice.ended).code, newDevice.describe()).toBe(0);
    expect((await pair.existingDevice.ended).code, pair.existingDevice.describe()).toBe(0);
    expect(newDevice.lastEvent).toMatchObject({ verified: false, device_keys: "deferred" });
    const check = ["session", "check", "new"];
    const deferred = [8, "ok token", "failed device", "ok secrets", "ok backup", ""];
    expect(checked(await machine.run(check))).toEqual(deferred);

    const ed25519 = await observer.takeOver(await readSession(machine, "new"));
    expect(checked(await machine.run(check))).toEqual(deferred);
    expect(await observer.seesAsCrossSigned(deviceId)).toBe(false);
    const sign = ["session", "sign-device", "new", "--json", "--fingerprint"];
    const stranger = machine.start([...sign, Buffer.alloc(32, 9).toString("base64")], { stdin: "none" });
    await expectFailureOf(stranger, "device_keys_mismatch");
    expect(await observer.seesAsCrossSigned(deviceId)).toBe(false);
    const signed = await machine.run([...sign, ed25519]);
    expect(JSON.parse(signed.stdout)).toEqual({ event: "device_signed", device_id: deviceId, ed25519 });
    expect(await observer.seesAsCrossSigned(deviceId)).toBe(true);
    const allGood = [0, "ok token", "ok device", "ok secrets", "ok backup", ""];
    expect(checked(await machine.run(check))).toEqual(allGood);

    const exported = await machine.run(["session", "export", "new"]);
    const input = exported.stdout;
    const imported = await machine.run(["session", "import", "-", "--session", "moved"], { input });
    expect(imported.code, imported.stderr).toBe(0);
    expect((await machine.run(["session", "export", "moved"])).stdout).toBe(input);
    expect(checked(await machine.run(["session", "check", "moved"]))).toEqual(allGood);

    expect((await machine.run(["session", "logout", "new"])).code).toBe(0);
    // Whatever else here is of the same device holds the same secrets, and is as dead.
    expect(await machine.sessionFiles()).toEqual(["existing.json"]);
    await expectNothingLeft(machine, site(), pair);
  });
});

/** What the token endpoint answers. */
type Answered = Readonly<Partial<Record<"access_token" | "refresh_token" | "error", string>>>;

it.concurrent("a refresh token that is used again gives tokens once more, until those before were used, and costs no session", async ({
  machine,
}) => {
  const { stack, account } = site();
  const { deviceId } = await signIn(machine, site(), "new");
  const { refresh_token = "", oauth } = await readSession(machine, "new");
  const { userId } = account.device;
  const metadata = await account.device.ask("GET /_matrix/client/v1/auth_metadata");
  const refresh = async (refreshToken: string) => {
    const form = {
      grant_type: "refresh_token",
      client_id: oauth?.client_id ?? "",
      refresh_token: refreshToken,
    };
    const body = new URLSearchParams(form);
    const answer = await fetch(String(metadata.body["token_endpoint"]), { method: "POST", body });
    const { access_token = "", refresh_token: next = "", error } = (await answer.json()) as Answered;
    return { status: answer.status, accessToken: access_token, refreshToken: next, error };
  };
  const isGood = async (accessToken: string) => {
    const device = StackDevice.of(stack, { userId, deviceId, accessToken });
    const asked = device.ask("GET /_matrix/client/v3/account/whoami");
    return asked.then(
      () => true,
      () => false,
    );
  };
  const first = await refresh(refresh_token);
  const again = await refresh(refresh_token);
  expect([first.status, again.status]).toEqual([200, 200]);
  expect(again.refreshToken).not.toBe(first.refreshToken);
  expect([await isGood(first.accessToken), await isGood(again.accessToken)]).toEqual([false, true]);

  const tooLate = await refresh(refresh_token);
  expect([tooLate.status, tooLate.error]).toEqual([400, "invalid_grant"]);
  expect(await isGood(again.accessToken)).toBe(true);
  expect((await refresh(again.refreshToken)).status).toBe(200);
  expect((await refresh(first.refreshToken)).status).toBe(400);
});
