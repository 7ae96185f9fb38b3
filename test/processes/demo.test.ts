import { readdir, readFile } from "node:fs/promises";
import { describe, expect } from "vitest";
import { parseEvent } from "../support/event-contract.js";
import { it, type Machine } from "../support/machine.js";

/** The processes that were started on this machine and still run. Seen on Linux alone. */
async function runningOn({ folder }: Machine): Promise<string[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const environments = pids.map((pid) => readFile(`/proc/${pid}/environ`, "utf8").catch(() => ""));
  return (await Promise.all(environments)).flatMap((environment, index) =>
    environment.includes(`TMPDIR=${folder}/`) ? (pids[index] ?? []) : [],
  );
}

async function expectNothingLeft(machine: Machine): Promise<void> {
  expect(await machine.written()).toEqual([]);
  expect(await runningOn(machine)).toEqual([]);
}

describe.concurrent("the demo", () => {
  it("signs a device in before everybody's eyes, and leaves nothing behind", async ({ machine }) => {
    const { code, stdout, stderr } = await machine.run(["demo"]);
    expect(code, stderr).toBe(0);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^new device +│ .*signed in and verified/m);
    expect(stderr).toMatch(/^existing device │ Done/m);
    await expectNothingLeft(machine);
  });

  it("tells with --json which device each event is from", async ({ machine }) => {
    const { code, stdout, stderr } = await machine.run(["demo", "--json"]);
    expect(code, stdout).toBe(0);
    expect(stderr).toBe("");
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const told = { new: [] as string[], existing: [] as string[] };
    for (const { device, ...event } of lines) {
      if (device !== "new" && device !== "existing") throw new Error(`No device: ${JSON.stringify(event)}`);
      told[device].push(parseEvent(JSON.stringify(event)).event);
    }
    expect([told.new[0], told.new.at(-1)]).toEqual(["started", "done"]);
    expect([told.existing[0], told.existing.at(-1)]).toEqual(["started", "done"]);
    await expectNothingLeft(machine);
  });

  it.for([
    ["the new device has started", '"started","device":"new"'],
    ["the code is shown", '"qr","device":"new"'],
    ["both devices talk", '"check_code","device":"existing"'],
    ["a device is signed in", '"signed_in","device":"new"'],
  ] as const)("leaves nothing behind when it is interrupted while %s", async ([, marker], { machine }) => {
    const demo = machine.start(["demo", "--json"], { stdin: "none" });
    await demo.until(() => demo.stdout.includes(marker), marker);
    expect(await runningOn(machine)).not.toEqual([]);
    demo.kill("SIGINT");
    expect((await demo.ended).code, demo.describe()).toBe(130);
    await expectNothingLeft(machine);
  });

  it("leaves nothing behind on Ctrl-C, which its devices get, too", async ({ machine }) => {
    const demo = machine.start(["demo", "--json"], { stdin: "none", detached: true });
    await demo.until(() => demo.stdout.includes('"check_code"'), "the check code");
    demo.killGroup("SIGINT");
    expect((await demo.ended).code, demo.describe()).toBe(130);
    await expectNothingLeft(machine);
  });

  it("waits by hand until it is interrupted, and takes its files with it", async ({ machine }) => {
    const demo = machine.start(["demo", "--by-hand"], { stdin: "none" });
    await demo.until(() => demo.stderr.includes("Ctrl-C"), "the instructions");
    expect((await machine.temporaryFiles()).length).toBe(1);
    demo.kill("SIGINT");
    expect((await demo.ended).code).toBe(130);
    await expectNothingLeft(machine);
  });
});

describe.concurrent("the homeserver command", () => {
  it("runs until a signal, and takes the existing device's session with it", async ({ machine }) => {
    const homeserver = machine.start(["homeserver", "--json"], { stdin: "none" });
    await homeserver.until(() => homeserver.stdout.includes("\n"), "ready");
    const ready = JSON.parse(homeserver.stdout) as { event: string; base_url: string; session: string };
    expect(ready.event).toBe("ready");
    const checked = await machine.run(["session", "check", "--session", ready.session]);
    expect(checked.code, checked.stderr).toBe(0);
    homeserver.kill("SIGTERM");
    expect((await homeserver.ended).code).toBe(143);
    await expectNothingLeft(machine);
  });
});
