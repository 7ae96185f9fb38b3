import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { Revealed } from "../../src/foundation/secret.js";
import type { PortableSession } from "../../src/session/session-file.js";
import type { CliProcess } from "../support/cli-process.js";
import { type Pair, startPair, typeCheckCode } from "../support/device-pair.js";
import { expectFailureOf } from "../support/failed-runs.js";
import { gateAtNewDevice, gateAtPath } from "../support/faults.js";
import { it, type Machine } from "../support/machine.js";
import { secretsFoundIn, secretsIn, secretsOfAccount, tokensIssuedBy } from "../support/secret-hunt.js";

const CONSENT = { autoConsent: "allow", autoConsentDelayMs: 0 } as const;
/** So short that the existing device has to refresh its token before it starts. */
const SHORT_LIVED = { accessTokenLifetimeMs: 60_000 };
const CROSS_SIGNING_AND_BACKUP_KEYS = 4;

/** Both devices, telling all that they ever tell. */
function talkative(machine: Machine) {
  return {
    generate: ["--verbose", "--trace", machine.path("g.ndjson"), "--qr-file", machine.path("qr.svg")],
    scan: ["--verbose", "--trace", machine.path("s.ndjson")],
  };
}

/** All that can be seen of processes from outside: what they print and trace, their arguments, their files' names. */
async function seenOf(machine: Machine, ...processes: readonly CliProcess[]): Promise<string> {
  const traces = ["g.ndjson", "s.ndjson"].map((name) => readFile(machine.path(name), "utf8"));
  const said = processes.flatMap(({ args, stdout, stderr }) => [args.join(" "), stdout, stderr]);
  const files = await machine.written();
  return [...said, ...(await Promise.all(traces)), ...files].join("\n");
}

async function readNewSession(machine: Machine): Promise<Revealed<PortableSession>> {
  const text = await readFile(join(machine.sessionsFolder, "new.json"), "utf8");
  return JSON.parse(text) as Revealed<PortableSession>;
}

async function argumentsOf({ pid }: CliProcess): Promise<string> {
  // Elsewhere than on Linux they are the ones it was started with.
  return readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
}

/** A program that tells what it sees of its own environment, then of itself and of what runs it. */
const LOOKS_AROUND = `
  const { readFileSync } = require("node:fs");
  const { MATRIX_HOMESERVER: base, MATRIX_ACCESS_TOKEN: token } = process.env;
  const look = (path) => { try { return readFileSync(path, "utf8"); } catch { return ""; } };
  const authorization = "Bearer " + token;
  fetch(base + "/_matrix/client/v3/account/whoami", { headers: { authorization } }).then(async (answer) => {
    console.log(await answer.text(), JSON.stringify(process.env), "ELSEWHERE");
    const places = ["/self/cmdline", "/" + process.ppid + "/cmdline", "/" + process.ppid + "/environ"];
    for (const place of places) console.log(look("/proc" + place));
  });
`;

async function expectPrivateFiles(machine: Machine): Promise<void> {
  const written = await machine.written();
  expect(written).toContain("0600 state/matrix-qr-login/sessions/existing.json");
  expect(written.filter((line) => !/^0(600|700) /.test(line))).toEqual([]);
}

describe.concurrent("no secret is seen", () => {
  it.for(["new", "existing"] as const)(
    "of a sign-in that is told in full, the %s device showing the code",
    async (intent, { machine }) => {
      const server = await machine.homeserver({ ...CONSENT, ...SHORT_LIVED });
      const pair = await startPair(machine, server, intent, talkative(machine));
      await pair.scanner.event("check_code");
      const args = [await argumentsOf(pair.generator), await argumentsOf(pair.scanner)];
      await typeCheckCode(pair);
      expect([(await pair.generator.ended).code, (await pair.scanner.ended).code]).toEqual([0, 0]);

      const session = await readNewSession(machine);
      const secrets = [...secretsOfAccount(server), ...secretsIn(session), ...tokensIssuedBy(server)];
      // The password; two pairs of tokens for the existing device and one for the new one; a device code; and keys.
      expect(new Set(secrets).size).toBe(1 + 6 + 1 + CROSS_SIGNING_AND_BACKUP_KEYS + 4);
      const seen = [await seenOf(machine, pair.generator, pair.scanner), ...args].join("\n");
      expect(seen).toContain("POST");
      expect(secretsFoundIn(seen, secrets)).toEqual([]);
      await expectPrivateFiles(machine);
    },
  );

  it("of a sign-in that is told to people", async ({ machine }) => {
    const server = await machine.homeserver({ ...CONSENT, ...SHORT_LIVED });
    await machine.addSession(server.existingSession);
    const { generate, scan } = talkative(machine);
    const generator = machine.start([
      ...[
        "generate",
        "--plain",
        "--channel",
        "msc4388",
        "--homeserver",
        server.baseUrl.href,
        "--session",
        "new",
      ],
      ...["--check-code", "show", "--expect-user", server.account.userId, ...generate],
    ]);
    await generator.until(() => /scan \S+\n/.test(generator.stderr), "the payload");
    const payload = /scan (\S+)\n/.exec(generator.stderr)?.[1] ?? "";
    const scanner = machine.start(["scan", payload, "--plain", "--yes", "--no-browser", ...scan]);
    expect([(await generator.ended).code, (await scanner.ended).code]).toEqual([0, 0]);
    expect(generator.stdout + scanner.stdout).toBe("");

    const secrets = [
      ...secretsOfAccount(server),
      ...secretsIn(await readNewSession(machine)),
      ...tokensIssuedBy(server),
    ];
    const seen = await seenOf(machine, generator, scanner);
    expect(seen).toContain("Done: ");
    expect(secretsFoundIn(seen, secrets)).toEqual([]);
  });

  it("of a session, but by session export", async ({ machine }) => {
    const server = await machine.homeserver();
    const { existingSession } = server;
    await machine.addSession(existingSession);
    const options = ["--session", "existing", "--verbose", "--trace", machine.path("trace.ndjson")];
    const secrets = secretsIn(existingSession);

    const exported = await machine.run(["session", "export", ...options]);
    expect(secretsFoundIn(exported.stdout, secrets)).toEqual(secrets);
    expect(secretsFoundIn(exported.stderr, secrets)).toEqual([]);

    for (const verb of ["list", "show", "check", "logout"]) {
      for (const form of verb === "logout" ? ["--json"] : ["--plain", "--json"]) {
        const { code, stdout, stderr } = await machine.run(["session", verb, form, ...options]);
        expect(code, `${verb} ${form}: ${stderr}`).toBe(0);
        // What asks the network nothing leaves no trace.
        const trace = await readFile(machine.path("trace.ndjson"), "utf8").catch(() => "");
        const seen = stdout + stderr + trace;
        expect(secretsFoundIn(seen, [...secrets, ...tokensIssuedBy(server)]), `${verb} ${form}`).toEqual([]);
      }
    }
  });

  it("of a session that is refreshed, but by session token", async ({ machine }) => {
    const server = await machine.homeserver(SHORT_LIVED);
    await machine.addSession(server.existingSession);
    const options = ["existing", "--verbose", "--trace", machine.path("trace.ndjson")];
    const refreshed = await machine.run(["session", "refresh", ...options, "--json"]);
    expect(refreshed.code, refreshed.stderr).toBe(0);
    const token = await machine.run(["session", "token", ...options, "--min-valid", "86400"]);
    const trace = await readFile(machine.path("trace.ndjson"), "utf8").catch(() => "");
    const secrets = [...secretsIn(server.existingSession), ...tokensIssuedBy(server)];
    const seen = refreshed.stdout + refreshed.stderr + token.stderr + trace;
    expect(secretsFoundIn(seen, secrets)).toEqual([]);
    expect(secretsFoundIn(token.stdout, secrets)).toEqual([token.stdout.trim()]);
  });

  it("of a program that is run on a session", async ({ machine }) => {
    const server = await machine.homeserver(SHORT_LIVED);
    await machine.addSession(server.existingSession);
    const [trace, events] = [machine.path("trace.ndjson"), machine.path("events.ndjson")];
    const told = ["--verbose", "--trace", trace, "--events", events];
    const run = await machine.run(["session", "run", ...told, "--", process.execPath, "-e", LOOKS_AROUND]);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stdout).toContain(server.account.userId);

    const files = await Promise.all([trace, events].map((path) => readFile(path, "utf8")));
    const secrets = [...secretsIn(server.existingSession), ...tokensIssuedBy(server)];
    expect(secretsFoundIn([run.stdout, run.stderr, ...files].join("\n"), secrets)).toEqual([]);
    // The local token is in the environment of the program that is run, and nowhere else.
    const local = (await readFile(join(machine.sessionsFolder, "existing.token"), "utf8")).trim();
    const [own = "", ...elsewhere] = run.stdout.split("ELSEWHERE");
    expect(own).toContain(local);
    expect(secretsFoundIn([run.stderr, ...elsewhere, ...files].join("\n"), [local])).toEqual([]);
  });

  it("of a session file that can't be read for one of its secrets", async ({ machine }) => {
    const server = await machine.homeserver();
    const { existingSession } = server;
    const [first = "", second = ""] = ["a", "b"].map((letter) => `${letter}ccess token of mine`);
    const broken = { ...existingSession, access_token: first, refresh_token: second };
    await machine.addSession(broken);
    for (const form of ["--plain", "--json"]) {
      const run = await machine.run([
        "generate",
        "--as",
        "existing",
        "--check-code",
        "stdin",
        "--yes",
        "--no-browser",
        ...["--session", "existing", form],
      ]);
      expect(run.code).toBe(9);
      expect(run.stdout + run.stderr).toContain("access_token");
      expect(secretsFoundIn(run.stdout + run.stderr, secretsIn(broken))).toEqual([]);
    }
  });
});

describe.concurrent("no secret is seen of a sign-in that fails", () => {
  async function expectNothingSeen(
    machine: Machine,
    pair: Pair,
    secrets: readonly string[],
    atLeast: number,
  ) {
    expect(new Set(secrets).size).toBeGreaterThanOrEqual(atLeast);
    const seen = await seenOf(machine, pair.generator, pair.scanner);
    expect(secretsFoundIn(seen, secrets)).toEqual([]);
    await expectPrivateFiles(machine);
  }

  it("by a wrong check code", async ({ machine }) => {
    const server = await machine.homeserver(SHORT_LIVED);
    const pair = await startPair(machine, server, "new", talkative(machine));
    await pair.scanner.event("check_code");
    pair.generator.type("no code");
    await expectFailureOf(pair.generator, "check_code_wrong");
    await pair.scanner.ended;
    await expectNothingSeen(machine, pair, [...secretsOfAccount(server), ...tokensIssuedBy(server)], 11);
  });

  it("by another user than was expected, once there are tokens", async ({ machine }) => {
    const server = await machine.homeserver(CONSENT);
    const { generate, scan } = talkative(machine);
    const expectUser = ["--expect-user", `@bob:${server.serverName}`];
    const pair = await startPair(machine, server, "new", { generate: [...generate, ...expectUser], scan });
    await typeCheckCode(pair);
    await expectFailureOf(pair.newDevice, "unexpected_user");
    await pair.existingDevice.ended;
    await expectNothingSeen(machine, pair, [...secretsOfAccount(server), ...tokensIssuedBy(server)], 9 + 3);
  });

  it("by another master key than was expected, once there are secrets", async ({ machine }) => {
    const server = await machine.homeserver(CONSENT);
    const { generate, scan } = talkative(machine);
    const otherKey = Buffer.alloc(32, 7).toString("base64");
    const pair = await startPair(machine, server, "new", {
      generate: [...generate, "--expect-master-key", otherKey],
      scan,
    });
    await typeCheckCode(pair);
    await expectFailureOf(pair.newDevice, "unexpected_master_key");
    await pair.existingDevice.ended;
    await expectNothingSeen(machine, pair, [...secretsOfAccount(server), ...tokensIssuedBy(server)], 9 + 3);
  });

  it("by a signal, and leaves tokens that can't be revoked", async ({ machine }) => {
    const secretsHeld = gateAtNewDevice();
    const revocation = gateAtPath("/revoke");
    const server = await machine.homeserver({
      ...CONSENT,
      intercept: (request) => secretsHeld.intercept(request) ?? revocation.intercept(request),
    });
    const pair = await startPair(machine, server, "new", talkative(machine));
    await typeCheckCode(pair);
    await secretsHeld.reached;
    pair.newDevice.kill("SIGTERM");
    expect((await expectFailureOf(pair.newDevice, "terminated")).cleanup).toBe("pending");
    await pair.existingDevice.ended;
    const session = await readNewSession(machine);
    const secrets = [...secretsOfAccount(server), ...secretsIn(session), ...tokensIssuedBy(server)];
    await expectNothingSeen(machine, pair, secrets, 9 + 3);
  });
});
