import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { DevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import type { Intent } from "../../src/foundation/events.js";
import { Secret } from "../../src/foundation/secret.js";
import { encodeBase64 } from "../../src/protocol/base64.js";
import { decodeRecoveryKey } from "../../src/secret-storage/recovery-key.js";
import { startPair, typeCheckCode } from "../support/device-pair.js";
import { expectFailureOf } from "../support/failed-runs.js";
import { it, type Machine } from "../support/machine.js";
import { secretsFoundIn, secretsOfAccount, tokensIssuedBy } from "../support/secret-hunt.js";
import { newStoredKey } from "../support/secret-storage.js";

const CONSENT = { autoConsent: "allow", autoConsentDelayMs: 0 } as const;
const PASSPHRASE = "correct horse battery staple";

/** A file that the program is to read, outside of where it writes. */
async function file(machine: Machine, name: string, text: string): Promise<string> {
  const path = join(machine.folder, name);
  await writeFile(path, text, { mode: 0o600 });
  return path;
}

/** A recovery key in whatever ways it might be written: in groups, on one line, as the key that it stands for. */
function waysToWrite(recoveryKey: string): string[] {
  const key = decodeRecoveryKey(new Secret(recoveryKey));
  if ("what" in key) throw new TypeError(key.what);
  return [recoveryKey, recoveryKey.replaceAll(" ", ""), encodeBase64(key.export())];
}

/** Everything of the account that must not be seen. */
function secretsOf(server: DevHomeserver): string[] {
  return [
    ...secretsOfAccount(server),
    ...tokensIssuedBy(server),
    ...waysToWrite(server.recoveryKey),
    PASSPHRASE,
  ];
}

async function tokenArguments(machine: Machine, { baseUrl, existingSession }: DevHomeserver) {
  const token = await file(machine, "token", existingSession.access_token);
  return ["session", "import", "--token-file", token, "--homeserver", baseUrl.href, "--session", "bot"];
}

async function readSession(machine: Machine, name: string): Promise<object> {
  return JSON.parse(await readFile(join(machine.sessionsFolder, `${name}.json`), "utf8"));
}

describe.concurrent("session import of an access token", () => {
  it.for(["recovery key", "passphrase"] as const)(
    "makes a session that can sign other devices in, with the %s, and shows nothing secret",
    async (kind, { machine }) => {
      const server = await machine.homeserver({ ...CONSENT, recoveryPassphrase: PASSPHRASE });
      const text = kind === "passphrase" ? PASSPHRASE : server.recoveryKey.replaceAll(" ", "\n");
      const key = await file(machine, "key", `${text}\n`);
      const args = [...(await tokenArguments(machine, server)), "--recovery-key-file", key];
      const trace = machine.path("trace.ndjson");
      const run = machine.start([...args, "--json", "--verbose", "--trace", trace], { stdin: "none" });
      const { code, stdout, stderr } = await run.ended;
      expect(code, run.describe()).toBe(0);
      const { secrets } = server.existingSession;
      expect(await readSession(machine, "bot")).toMatchObject({ secrets, state: "complete" });
      expect(await machine.written()).toContain("0600 state/matrix-qr-login/sessions/bot.json");
      const check = await machine.run(["session", "check", "--session", "bot"]);
      expect(check.code, check.stderr).toBe(0);

      const traced = await readFile(trace, "utf8");
      expect(traced).toContain("account_data");
      const seen = [run.args.join(" "), stdout, stderr, traced, check.stdout, check.stderr].join("\n");
      expect(secretsFoundIn(seen, secretsOf(server))).toEqual([]);
    },
  );

  it("takes the recovery key from a pipe", async ({ machine }) => {
    const server = await machine.homeserver();
    const args = [...(await tokenArguments(machine, server)), "--recovery-key-file", "-"];
    const { code, stderr } = await machine.run(args, { input: server.recoveryKey });
    expect(code, stderr).toBe(0);
    expect(await readSession(machine, "bot")).toMatchObject({ secrets: server.existingSession.secrets });
  });

  it("asks nobody where there is no terminal", async ({ machine }) => {
    const server = await machine.homeserver();
    const { code, stderr } = await machine.run(await tokenArguments(machine, server));
    expect(code).toBe(0);
    expect(stderr).toContain("Warning: The session has no cross-signing keys");
  });

  it.for([
    ["recovery_key_wrong", () => newStoredKey().recoveryKey],
    ["recovery_key_wrong", () => "not the passphrase"],
    ["recovery_key_malformed", ({ recoveryKey }: DevHomeserver) => recoveryKey.replace(/^E/, "0")],
  ] as const)(
    "fails as %s, and leaves nothing and shows nothing of the key",
    async ([code, keyOf], { machine }) => {
      const withPassphrase = code === "recovery_key_malformed" ? {} : { recoveryPassphrase: PASSPHRASE };
      const server = await machine.homeserver(withPassphrase);
      const text = keyOf(server);
      const key = await file(machine, "key", text);
      const args = [...(await tokenArguments(machine, server)), "--recovery-key-file", key, "--json"];
      const run = machine.start([...args, "--verbose"], { stdin: "none" });
      const { cleanup } = await expectFailureOf(run, code);
      expect(cleanup).toBe("none");
      expect(await machine.sessionFiles()).toEqual([]);
      const pieces = [text, text.replaceAll(" ", ""), ...secretsOf(server)];
      expect(secretsFoundIn(run.describe(), pieces)).toEqual([]);
    },
  );
});

describe.concurrent("an existing device whose session has no secrets", () => {
  it.for(["new", "existing"] as const)(
    "takes them from secret storage, the %s device showing the code, and shows nothing secret",
    async (intent: Intent, { machine }) => {
      const server = await machine.homeserver(CONSENT);
      const key = await file(machine, "key", server.recoveryKey);
      const { secrets: _, ...existingSession } = server.existingSession;
      const traces = { generate: machine.path("g.ndjson"), scan: machine.path("s.ndjson") };
      const ofExisting = ["--recovery-key-file", key];
      const options = (role: "generate" | "scan", isExisting: boolean) => [
        ...["--verbose", "--trace", traces[role]],
        ...(isExisting ? ofExisting : []),
      ];
      const pair = await startPair(
        machine,
        { baseUrl: server.baseUrl, existingSession } as DevHomeserver,
        intent,
        {
          generate: options("generate", intent === "existing"),
          scan: options("scan", intent === "new"),
        },
      );
      await typeCheckCode(pair);
      const ends = await Promise.all([pair.generator.ended, pair.scanner.ended]);
      expect(
        ends.map(({ code }) => code),
        pair.generator.describe() + pair.scanner.describe(),
      ).toEqual([0, 0]);
      expect(pair.newDevice.lastEvent).toMatchObject({ event: "done", verified: true });
      expect(await readSession(machine, "new")).toMatchObject({ secrets: server.existingSession.secrets });
      expect(await readSession(machine, "existing")).not.toHaveProperty("secrets");

      const traced = await Promise.all(Object.values(traces).map((path) => readFile(path, "utf8")));
      const said = [pair.generator, pair.scanner].map((device) => device.describe());
      expect(traced.join("")).toContain("account_data");
      expect(secretsFoundIn([...said, ...traced].join("\n"), secretsOf(server))).toEqual([]);
    },
  );

  it("has nothing to share without it, and names what would help", async ({ machine }) => {
    const server = await machine.homeserver();
    const { secrets: _, ...existingSession } = server.existingSession;
    await machine.addSession(existingSession);
    const args = ["generate", "--as", "existing", "--check-code", "stdin", "--yes", "--no-browser", "--json"];
    const run = machine.start([...args, "--session", "existing"]);
    const { hint } = await expectFailureOf(run, "secrets_missing");
    expect(hint).toContain("--recovery-key-file");
  });
});

it("the recovery key that the homeserver command writes opens its account's secret storage", async ({
  machine,
}) => {
  const server = machine.start(["homeserver", "--json"], { stdin: "none" });
  await server.until(() => server.stdout.includes("\n"), "it is ready");
  const ready = JSON.parse(server.stdout) as { readonly [name: string]: string };
  const { base_url = "", session = "", recovery_key_file = "" } = ready;
  const { access_token, secrets } = JSON.parse(await readFile(session, "utf8"));
  const token = await file(machine, "token", access_token);
  const { code, stderr } = await machine.run([
    ...["session", "import", "--token-file", token, "--homeserver", base_url, "--session", "bot"],
    ...["--recovery-key-file", recovery_key_file],
  ]);
  expect(code, stderr).toBe(0);
  expect(await readSession(machine, "bot")).toMatchObject({ secrets });
  expect(secretsFoundIn(server.describe(), waysToWrite(await readFile(recovery_key_file, "utf8")))).toEqual(
    [],
  );
  server.kill("SIGTERM");
  await server.ended;
  expect(await machine.temporaryFiles()).toEqual([]);
});
