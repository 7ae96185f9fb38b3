import { readFile, writeFile } from "node:fs/promises";
import * as v from "valibot";
import { describe, expect } from "vitest";
import type { DevHomeserver, DevHomeserverOptions } from "../../src/dev-homeserver/dev-homeserver.js";
import type { JsonObject } from "../../src/protocol/canonical-json.js";
import { publicCrossSigningKeys } from "../../src/protocol/cross-signing.js";
import { SecretsBundle } from "../../src/protocol/secrets.js";
import { isSignedBy } from "../../src/protocol/signatures.js";
import type { CliProcess } from "../support/cli-process.js";
import { clientKeys } from "../support/client-keys.js";
import { call } from "../support/dev-homeserver.js";
import { startPair, typeCheckCode } from "../support/device-pair.js";
import { it, type Machine } from "../support/machine.js";
import { secretsFoundIn, secretsIn, secretsOfAccount, tokensIssuedBy } from "../support/secret-hunt.js";

const AUTO_CONSENT = { autoConsent: "allow", autoConsentDelayMs: 0, intervalMs: 100 } as const;
const PASSPHRASE = "correct horse battery staple";

/** What `login` tells, in this order. */
const STORY = [
  ...["started", "homeserver", "verification", "waiting_for_consent", "signed_in"],
  ...["secrets_received", "verified", "done"],
];

interface Started {
  readonly server: DevHomeserver;
  readonly login: CliProcess;
}

/** A job that logs in as the homeserver's account, with its recovery key in a file. */
async function startLogin(
  machine: Machine,
  options: readonly string[] = [],
  homeserver: DevHomeserverOptions = {},
  recoveryKey?: string,
): Promise<Started> {
  const server = await machine.homeserver({ rendezvous: "off", ...AUTO_CONSENT, ...homeserver });
  const keyFile = machine.path("recovery-key");
  await writeFile(keyFile, `${recoveryKey ?? server.recoveryKey}\n`);
  const args = ["login", "--json", "--session", "bot", "--timeout", "60", "--recovery-key-file", keyFile];
  const expected = options.includes("--expect-user") ? [] : ["--expect-user", server.account.userId];
  const login = machine.start([...args, ...expected, ...options], { stdin: "none" });
  return { server, login };
}

const sessionOf = async (machine: Machine) =>
  JSON.parse(await readFile(`${machine.sessionsFolder}/bot.json`, "utf8")) as Record<string, unknown>;

/** Whether the homeserver lets nobody but its first device in. */
const isAlone = (server: DevHomeserver) =>
  server.activeSessions().every(({ deviceId }) => deviceId === server.existingSession.device_id);

describe.concurrent("login by a process", () => {
  it("ends verified, on a homeserver without rendezvous sessions, with the keys from secret storage", async ({
    machine,
  }) => {
    const { server, login } = await startLogin(machine);
    const { code, stderr } = await login.ended;
    expect([code, stderr], login.describe()).toEqual([0, ""]);
    expect(login.events.map(({ event }) => event)).toEqual(STORY);
    const session = await sessionOf(machine);
    expect(session).toMatchObject({
      state: "complete",
      user_id: server.account.userId,
      device_keys_state: "uploaded",
      secrets: server.existingSession.secrets,
    });
    expect(login.lastEvent).toMatchObject({ verified: true, device_keys: "uploaded" });
    const check = await machine.run(["session", "check", "--session", "bot"]);
    expect(check.code, check.stdout + check.stderr).toBe(0);
  });

  it("takes a passphrase as well, and a homeserver that does as Synapse and MAS do", async ({ machine }) => {
    const options = { recoveryPassphrase: PASSPHRASE, likeSynapse: true, verificationUriComplete: false };
    const { login } = await startLogin(machine, [], options, PASSPHRASE);
    expect((await login.ended).code, login.describe()).toBe(0);
  });

  it("shows the link and the user code, and draws no link for a phone that leads nowhere there", async ({
    machine,
  }) => {
    const server = await machine.homeserver({ rendezvous: "off", ...AUTO_CONSENT });
    const keyFile = machine.path("recovery-key");
    await writeFile(keyFile, server.recoveryKey);
    const { userId } = server.account;
    const options = ["--expect-user", userId, "--recovery-key-file", keyFile, "--session", "bot"];
    const { code, stdout, stderr } = await machine.run(["login", ...options]);
    expect(code, stderr).toBe(0);
    expect(stdout).toBe("");
    const lines = stderr.split("\n");
    const link = lines.findIndex((line) => line.startsWith(server.baseUrl.href));
    expect(lines[link]).toContain("?code=");
    expect(lines[link + 1]).toMatch(/^The page must show this code, or ask for it: \S+$/);
    // The user code in large letters is all that is drawn.
    expect(lines.filter((line) => /^[ █▀▄]+$/.test(line)).length).toBeLessThan(6);
  });

  it("shows no secret of the account's, in events, errors, arguments or traces", async ({ machine }) => {
    const trace = machine.path("trace.ndjson");
    const { server, login } = await startLogin(machine, ["--verbose", "--trace", trace]);
    expect((await login.ended).code, login.describe()).toBe(0);
    const session = (await sessionOf(machine)) as Parameters<typeof secretsIn>[0];
    const recoveryKey = [server.recoveryKey, server.recoveryKey.replaceAll(" ", "")];
    const secrets = [
      ...[...recoveryKey, ...secretsIn(session), ...secretsOfAccount(server)],
      ...tokensIssuedBy(server),
    ];
    const traced = await readFile(trace, "utf8");
    expect(traced).toContain("account_data/m.secret_storage");
    expect(secretsFoundIn(login.describe() + traced, secrets)).toEqual([]);
  });

  it("is what a failed sign-in by QR code names, where there are no rendezvous sessions", async ({
    machine,
  }) => {
    const { baseUrl } = await machine.homeserver({ rendezvous: "off" });
    const args = ["generate", "--json", "--check-code", "stdin", "--homeserver", baseUrl.href];
    const { code, stdout } = await machine.run(args);
    expect(code, stdout).toBe(6);
    expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
      code: "homeserver_without_rendezvous",
      hint: expect.stringContaining("`login`"),
    });
  });

  it("leaves nothing behind when the consent is refused", async ({ machine }) => {
    const { server, login } = await startLogin(machine, [], { autoConsent: "deny" });
    expect((await login.ended).code, login.describe()).toBe(3);
    expect(login.lastEvent).toMatchObject({ code: "consent_declined", cleanup: "none" });
    expect(await machine.sessionFiles()).toEqual([]);
    expect(isAlone(server)).toBe(true);
  });

  it.for([
    [
      "the wrong recovery key",
      "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d",
      "recovery_key_wrong",
    ],
    ["no recovery key at all", "hello", "recovery_key_malformed"],
  ] as const)("signs out again for %s", async ([, recoveryKey, code], { machine }) => {
    const { server, login } = await startLogin(machine, [], {}, recoveryKey);
    expect((await login.ended).code, login.describe()).toBe(9);
    expect(login.lastEvent).toMatchObject({ code, cleanup: "revoked" });
    expect(await machine.sessionFiles()).toEqual([]);
    expect(isAlone(server)).toBe(true);
    expect(login.stdout + login.stderr).not.toContain(recoveryKey);
  });

  it("keeps the session for a wrong recovery key where --keep-unverified says so", async ({ machine }) => {
    const { login } = await startLogin(machine, ["--keep-unverified"], {}, "hello");
    expect((await login.ended).code, login.describe()).toBe(8);
    expect(login.lastEvent).toMatchObject({ code: "signed_in_unverified", cleanup: "none" });
    expect(await sessionOf(machine)).toMatchObject({ state: "unverified" });
  });

  it("signs out again where the master key isn't the expected one", async ({ machine }) => {
    const other = Buffer.alloc(32, 7).toString("base64");
    const { server, login } = await startLogin(machine, ["--expect-master-key", other]);
    expect((await login.ended).code, login.describe()).toBe(5);
    expect(login.lastEvent).toMatchObject({ code: "unexpected_master_key", cleanup: "revoked" });
    expect(isAlone(server)).toBe(true);
  });

  it("signs out again where somebody else has consented", async ({ machine }) => {
    const { server, login } = await startLogin(machine, [], {
      intercept: ({ path }) =>
        path.endsWith("/account/whoami")
          ? {
              when: "before",
              answer: { status: 200, body: JSON.stringify({ user_id: "@mallory:example.org" }) },
            }
          : undefined,
    });
    expect((await login.ended).code, login.describe()).toBe(5);
    expect(login.lastEvent).toMatchObject({ code: "unexpected_user", cleanup: "revoked" });
    expect(await machine.sessionFiles()).toEqual([]);
    expect(isAlone(server)).toBe(true);
  });
});

/** What another client does once it has the session: it makes keys for the device and uploads them. */
async function uploadAsClient(server: DevHomeserver, session: Record<string, unknown>): Promise<string> {
  const { user_id: userId, device_id: deviceId, access_token: token } = session as Record<string, string>;
  const { deviceKeys, ed25519 } = clientKeys(userId ?? "", deviceId ?? "");
  const upload = { token: token ?? "", json: { device_keys: deviceKeys } };
  const { status } = await call(server.baseUrl, "POST /_matrix/client/v3/keys/upload", upload);
  expect(status).toBe(200);
  return ed25519;
}

describe.concurrent("a session whose device keys are deferred", () => {
  it("has the secrets and no device keys, and says what it waits for", async ({ machine }) => {
    const { server, login } = await startLogin(machine, ["--device-keys", "defer"]);
    expect((await login.ended).code, login.describe()).toBe(0);
    expect(login.events.map(({ event }) => event)).toEqual(STORY.filter((event) => event !== "verified"));
    const session = await sessionOf(machine);
    const { device_id } = session;
    expect(login.lastEvent).toEqual({
      event: "done",
      role: "new",
      user_id: server.account.userId,
      device_id,
      verified: false,
      device_keys: "deferred",
      session: `${machine.sessionsFolder}/bot.json`,
    });
    expect(session).toMatchObject({ state: "complete", device_keys_state: "deferred" });
    expect(session).not.toHaveProperty("device_keys");
    expect(session["secrets"]).toEqual(server.existingSession.secrets);
    expect(server.devices().find(({ deviceId }) => deviceId === device_id)?.deviceKeys).toBeUndefined();

    expect((await machine.run(["session", "list"])).stdout).toMatch(/^bot .* deferred /m);
    const check = await machine.run(["session", "check", "bot"]);
    expect(check.code, check.stdout).toBe(8);
    expect(check.stdout).toContain("The device keys are deferred");
    expect((await machine.run(["session", "show", "--session", "bot"])).stdout).toMatch(
      /^device keys +deferred/m,
    );
    const early = await machine.run([
      "session",
      "sign-device",
      "bot",
      "--json",
      "--fingerprint",
      "A".repeat(43),
    ]);
    expect(early.code, early.stdout).toBe(8);
    expect(early.stdout).toContain('"device_keys_missing"');
  });

  it.for(["generate", "scan"] as const)(
    "comes from a sign-in by QR code too: %s",
    async (command, { machine }) => {
      const server = await machine.homeserver(AUTO_CONSENT);
      const defer = ["--device-keys", "defer"];
      const pair = await startPair(machine, server, command === "generate" ? "new" : "existing", {
        [command]: defer,
      });
      await typeCheckCode(pair);
      const [ended, other] = await Promise.all([pair.newDevice.ended, pair.existingDevice.ended]);
      expect([ended.code, other.code], pair.newDevice.describe()).toEqual([0, 0]);
      expect(pair.newDevice.lastEvent).toMatchObject({ verified: false, device_keys: "deferred" });
      const session = JSON.parse(await readFile(`${machine.sessionsFolder}/new.json`, "utf8"));
      expect(session).toMatchObject({ state: "complete", device_keys_state: "deferred" });
      expect(session).not.toHaveProperty("device_keys");
      expect(session.secrets).toEqual(server.existingSession.secrets);
    },
  );

  it("is verified once the keys that its client has uploaded are signed", async ({ machine }) => {
    const { server, login } = await startLogin(machine, ["--device-keys", "defer"]);
    await login.ended;
    const { device_id: deviceId } = await sessionOf(machine);
    const ed25519 = await uploadAsClient(server, await sessionOf(machine));
    const grouped = (ed25519.match(/.{1,4}/g) ?? []).join(" ");
    const signed = await machine.run(["session", "sign-device", "bot", "--json", "--fingerprint", grouped]);
    expect(signed.code, signed.stdout).toBe(0);
    expect(JSON.parse(signed.stdout)).toEqual({ event: "device_signed", device_id: deviceId, ed25519 });
    const session = await sessionOf(machine);
    expect(session).toMatchObject({ device_keys_state: "signed", device_identity: { ed25519 } });
    expect(session).not.toHaveProperty("device_keys");
    expect(isCrossSigned(server, String(deviceId))).toBe(true);
    const check = await machine.run(["session", "check", "--session", "bot"]);
    expect(check.code, check.stdout + check.stderr).toBe(0);
    expect((await machine.run(["session", "list"])).stdout).toMatch(/^bot .* complete /m);
  });

  it("never has a second identity signed, unless its fingerprint is given", async ({ machine }) => {
    const { server, login } = await startLogin(machine, ["--device-keys", "defer"]);
    await login.ended;
    const first = await uploadAsClient(server, await sessionOf(machine));
    const sign = (fingerprint: string) =>
      machine.run(["session", "sign-device", "bot", "--json", "--fingerprint", fingerprint]);
    expect((await sign(first)).code).toBe(0);
    const second = await uploadAsClient(server, await sessionOf(machine));
    const refused = await sign(first);
    expect(refused.code, refused.stdout).toBe(5);
    expect(JSON.parse(refused.stdout)).toMatchObject({ code: "device_keys_mismatch" });
    const { device_id: deviceId } = await sessionOf(machine);
    expect(isCrossSigned(server, String(deviceId))).toBe(false);
    expect((await sign(second)).code).toBe(0);
    expect(await sessionOf(machine)).toMatchObject({ device_identity: { ed25519: second } });
    expect(isCrossSigned(server, String(deviceId))).toBe(true);
  });
});

function isCrossSigned(server: DevHomeserver, deviceId: string): boolean {
  const { userId } = server.account;
  const secrets = v.parse(SecretsBundle, server.existingSession.secrets);
  const { selfSigning } = publicCrossSigningKeys(secrets.cross_signing);
  const device = server.devices().find((other) => other.deviceId === deviceId);
  return isSignedBy(device?.deviceKeys as JsonObject, userId, selfSigning, selfSigning);
}
