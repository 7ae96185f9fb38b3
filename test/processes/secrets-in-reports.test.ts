import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { Revealed } from "../../src/foundation/secret.js";
import type { PortableSession } from "../../src/session/session-file.js";
import type { CliProcess } from "../support/cli-process.js";
import { call } from "../support/dev-homeserver.js";
import { startPair, typeCheckCode } from "../support/device-pair.js";
import { gateAtNewDevice } from "../support/faults.js";
import { it, type Machine } from "../support/machine.js";
import { secretsFoundIn, secretsIn, secretsOfAccount, tokensIssuedBy } from "../support/secret-hunt.js";
import { CONSENT } from "../support/sign-in-stages.js";

/** What Node tells of a process that somebody has it report on, or that runs for long. */

const WHOAMI = "/_matrix/client/v3/account/whoami";
/** Node writes a report when it gets SIGUSR2. */
const reporting = (machine: Machine) => ({
  env: { NODE_OPTIONS: `--report-on-signal --report-directory=${machine.path("")}` },
});

async function report(...processes: readonly CliProcess[]): Promise<void> {
  for (const each of processes) {
    each.kill("SIGUSR2");
    await each.until(() => each.stderr.includes("report completed"), "its report");
  }
}

/** All reports that were written. */
async function reportsOn(machine: Machine): Promise<readonly string[]> {
  const names = (await readdir(machine.path(""))).filter((name) => name.startsWith("report."));
  return Promise.all(names.map((name) => readFile(machine.path(name), "utf8")));
}

/** Its arguments and environment, as the system has them; elsewhere than on Linux the reports have them too. */
async function seenBySystem({ pid }: CliProcess): Promise<string> {
  const read = (name: string) => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "");
  return (await Promise.all(["cmdline", "environ"].map(read))).join("\n");
}

describe.concurrent("no secret is seen", () => {
  it("in reports on two devices, one of which holds its tokens, and one the account's keys", async ({
    machine,
  }) => {
    const secretsHeld = gateAtNewDevice();
    const server = await machine.homeserver({ ...CONSENT, intercept: secretsHeld.intercept });
    const options = { generator: reporting(machine), scanner: reporting(machine) };
    const pair = await startPair(machine, server, "new", options);
    await typeCheckCode(pair);
    await secretsHeld.reached;
    await report(pair.newDevice, pair.existingDevice);
    secretsHeld.open();
    const ends = await Promise.all([pair.newDevice.ended, pair.existingDevice.ended]);
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);

    const reports = await reportsOn(machine);
    expect(reports).toHaveLength(2);
    for (const each of reports) expect(each).toContain("commandLine");
    const session = await readFile(join(machine.sessionsFolder, "new.json"), "utf8");
    const secrets = [
      ...secretsOfAccount(server),
      ...secretsIn(JSON.parse(session) as Revealed<PortableSession>),
      ...tokensIssuedBy(server),
    ];
    const said = ends.flatMap(({ stdout, stderr }) => [stdout, stderr]);
    expect(secretsFoundIn([...reports, ...said].join("\n"), secrets)).toEqual([]);
  });

  it("of a session that session serve keeps alive, nor the local token", async ({ machine }) => {
    const server = await machine.homeserver({ accessTokenLifetimeMs: 6_000 });
    await machine.addSession(server.existingSession, "bot");
    const trace = machine.path("trace.ndjson");
    const args = ["session", "serve", "--json", "--verbose", "--trace", trace];
    const serving = machine.start(args, { stdin: "none", ...reporting(machine) });
    await serving.until(() => serving.stdout.includes('"ready"'), "it is ready");
    const baseUrl = new URL(/"base_url":"([^"]+)"/.exec(serving.stdout)?.[1] ?? "");
    const local = (await readFile(join(machine.sessionsFolder, "bot.token"), "utf8")).trim();
    expect((await call(baseUrl, `GET ${WHOAMI}`, { token: local })).status).toBe(200);
    await serving.until(() => serving.stdout.includes('"refreshed"'), "it has refreshed");
    await call(baseUrl, `GET ${WHOAMI}`, { token: "another" });
    expect((await call(baseUrl, `GET ${WHOAMI}`, { token: local })).status).toBe(200);
    const bySystem = await seenBySystem(serving);
    await report(serving);
    serving.kill("SIGTERM");
    const { code, stdout, stderr } = await serving.ended;
    expect(code, stderr).toBe(143);

    const reports = await reportsOn(machine);
    expect(reports).toHaveLength(1);
    const traced = await readFile(trace, "utf8");
    expect(traced).toContain(WHOAMI);
    const secrets = [...secretsOfAccount(server), ...tokensIssuedBy(server), local];
    // The account's password, two pairs of tokens at least, four keys of the account and two of the device.
    expect(new Set(secrets).size).toBeGreaterThanOrEqual(1 + 4 + 4 + 2 + 1);
    const seen = [stdout, stderr, traced, bySystem, ...reports, ...(await machine.written())].join("\n");
    expect(secretsFoundIn(seen, secrets)).toEqual([]);
  });
});
