import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { Intent } from "../../src/foundation/events.js";
import type { FailureCode } from "../../src/foundation/failures.js";
import { OTHER, startGenerator, startPair, typeCheckCode } from "../support/device-pair.js";
import { expectFailureOf, expectNothingLeft } from "../support/failed-runs.js";
import { gateAtNewDevice, gateAtPath } from "../support/faults.js";
import { it, type Machine } from "../support/machine.js";
import { CONSENT, STAGES } from "../support/sign-in-stages.js";

const SIGNALS = { SIGHUP: "hangup", SIGINT: "interrupted", SIGTERM: "terminated" } as const;
type Signal = keyof typeof SIGNALS;
const signals = Object.entries(SIGNALS) as [Signal, FailureCode][];

const INTENTS: readonly Intent[] = ["new", "existing"];
const STAGE_NAMES = Object.keys(STAGES) as (keyof typeof STAGES)[];
const CASES = STAGE_NAMES.flatMap((stage) => INTENTS.map((stopped) => ({ stage, stopped })));

describe.for(signals)("%s", ([signal, code]) => {
  // Who shows the code takes turns: over the three signals, both do at each stage.
  const shownBy = (turn: number): Intent =>
    (turn + signals.findIndex(([name]) => name === signal)) % 2 ? "new" : "existing";

  it.concurrent.for(INTENTS)("ends the %s device while it shows the code", async (intent, { machine }) => {
    const server = await machine.homeserver();
    const generator = await startGenerator(machine, server, intent);
    await generator.event("qr");
    generator.kill(signal);
    await expectFailureOf(generator, code);
    await expectNothingLeft(machine, server);
  });

  it.concurrent.for(CASES.map(({ stage, stopped }, turn) => [stopped, stage, shownBy(turn)] as const))(
    "ends the %s device while both wait for %s, the %s one having shown the code, and so the other",
    async ([stopped, stage, intent], { machine }) => {
      const { server, pair } = await STAGES[stage](machine, intent);
      const devices = { new: pair.newDevice, existing: pair.existingDevice };
      devices[stopped].kill(signal);
      // The last event tells that it ended by itself: 5 s after the signal it would have been cut off.
      const failure = await expectFailureOf(devices[stopped], code);
      expect(failure.cleanup).toBe(stage === "the secrets" && stopped === "new" ? "revoked" : "none");
      expect((await devices[OTHER[stopped]].ended).code, devices[OTHER[stopped]].describe()).toBe(3);
      await expectNothingLeft(machine, server);
    },
  );
});

describe.concurrent("a signal", () => {
  it("deletes the sessions of both versions that are offered", async ({ machine }) => {
    const server = await machine.homeserver({ msc4108: true });
    const generator = await startGenerator(machine, server, "new", { channel: "auto" });
    await generator.event("qr", ({ channel }) => channel === "msc4388");
    await generator.event("qr", ({ channel }) => channel === "msc4108-2024");
    generator.kill("SIGINT");
    await expectFailureOf(generator, "interrupted");
    await expectNothingLeft(machine, server);
  });

  it("is told to the other device with the check code, where that can't read messages before", async ({
    machine,
  }) => {
    const registration = gateAtPath("/registration");
    const server = await machine.homeserver({ intercept: registration.intercept });
    const pair = await startPair(machine, server, "existing");
    await registration.reached;
    pair.newDevice.kill("SIGINT");
    await expectFailureOf(pair.newDevice, "interrupted");
    await typeCheckCode(pair);
    await expectFailureOf(pair.existingDevice, "other_device_cancelled");
    await expectNothingLeft(machine, server);
  });

  it("leaves tokens that can't be revoked in time to session logout", async ({ machine }) => {
    const { server, revocation, pair } = await whileNothingIsRevoked(machine);
    pair.newDevice.kill("SIGTERM");
    const failure = await expectFailureOf(pair.newDevice, "terminated");
    expect(failure).toMatchObject({ cleanup: "pending", session: sessionFile(machine) });
    expect(await storedState(machine)).toBe("revocation_pending");
    pair.existingDevice.kill("SIGTERM");
    await pair.existingDevice.ended;
    revocation.open();
    expect((await machine.run(["session", "logout", "--session", "new"])).code).toBe(0);
    await expectNothingLeft(machine, server);
  });

  it("ends it at once when it is the second", async ({ machine }) => {
    const { revocation, pair, server } = await whileNothingIsRevoked(machine);
    pair.newDevice.kill("SIGTERM");
    await revocation.reached;
    pair.newDevice.kill("SIGINT");
    expect((await pair.newDevice.ended).code).toBe(130);
    // The clean-up wasn't waited for.
    expect(pair.newDevice.events.map(({ event }) => event)).not.toContain("failure");
    expect(await storedState(machine)).toBe("incomplete");
    expect(server.activeSessions()).toHaveLength(2);
  });

  it("that can't be caught leaves what session list shows, and session logout cleans up", async ({
    machine,
  }) => {
    const { server, pair } = await STAGES["the secrets"](machine, "new");
    pair.newDevice.kill("SIGKILL");
    expect((await pair.newDevice.ended).code).toBe("SIGKILL");
    pair.existingDevice.kill("SIGTERM");
    await pair.existingDevice.ended;

    const { stdout } = await machine.run(["session", "list", "--json"]);
    const listed = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(listed).toContainEqual(expect.objectContaining({ name: "new", state: "incomplete" }));
    expect((await machine.run(["session", "list"])).stdout).toMatch(/^new +.* incomplete /m);

    expect((await machine.run(["session", "logout", "--session", "new"])).code).toBe(0);
    // The other device has left a message there for the one that was killed.
    server.expireRendezvous();
    await expectNothingLeft(machine, server);
  });

  it("that can't be caught leaves the device on disk even before it has tokens, and no secret with it", async ({
    machine,
  }) => {
    const token = gateAtPath("/oauth2/token");
    const server = await machine.homeserver({ intercept: token.intercept });
    const pair = await startPair(machine, server, "new");
    await typeCheckCode(pair);
    await token.reached;
    pair.newDevice.kill("SIGKILL");
    pair.existingDevice.kill("SIGTERM");
    await Promise.all([pair.newDevice.ended, pair.existingDevice.ended]);

    const text = await readFile(sessionFile(machine), "utf8");
    expect(JSON.parse(text)).toMatchObject({ state: "incomplete", base_url: server.baseUrl.href });
    expect(text).not.toMatch(/_token"|_key|ed25519/);
    expect((await machine.run(["session", "list"])).stdout).toMatch(/^new +.* incomplete /m);
    const { code, stderr } = await machine.run(["session", "logout", "--session", "new"]);
    expect(code).toBe(0);
    expect(stderr).toContain("nothing to revoke");
    server.expireRendezvous();
    await expectNothingLeft(machine, server);
  });
});

/** Two devices that wait for the secrets, on a homeserver that revokes nothing before the gate is open. */
async function whileNothingIsRevoked(machine: Machine) {
  const secrets = gateAtNewDevice();
  const revocation = gateAtPath("/revoke");
  const server = await machine.homeserver({
    ...CONSENT,
    intercept: (request) => secrets.intercept(request) ?? revocation.intercept(request),
  });
  const pair = await startPair(machine, server, "new");
  await typeCheckCode(pair);
  await secrets.reached;
  return { server, revocation, pair };
}

function sessionFile(machine: Machine): string {
  return join(machine.sessionsFolder, "new.json");
}

async function storedState(machine: Machine): Promise<unknown> {
  return (JSON.parse(await readFile(sessionFile(machine), "utf8")) as { state: unknown }).state;
}
