import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { OTHER, startPair, typeCheckCode } from "../support/device-pair.js";
import { expectNothingLeft } from "../support/failed-runs.js";
import { gateAtPath } from "../support/faults.js";
import { it, type Machine } from "../support/machine.js";
import { STAGES as SIGNALLED } from "../support/sign-in-stages.js";

/** Real processes that are killed (SIGKILL) in the middle of a sign-in, and those who look what is left of it. */

const STAGES = {
  ...SIGNALLED,
  async consent(machine: Machine) {
    const polls = gateAtPath("/oauth2/token");
    polls.open();
    const server = await machine.homeserver({ intercept: polls.intercept });
    const pair = await startPair(machine, server, "new");
    await typeCheckCode(pair);
    // Before that it has no file yet.
    await polls.reached;
    return { server, pair };
  },
};

const CASES = [
  ["new", "the check code"],
  ["existing", "the check code"],
  ["new", "consent"],
  ["existing", "the secrets"],
] as const;

/** Every file among the sessions is whole, and `session list` has it. */
async function expectListed(machine: Machine): Promise<readonly string[]> {
  const files = await machine.sessionFiles();
  for (const file of files.filter((name) => name.endsWith(".json"))) {
    expect(JSON.parse(await readFile(join(machine.sessionsFolder, file), "utf8"))).toHaveProperty("base_url");
  }
  const { code, stdout } = await machine.run(["session", "list", "--json"]);
  expect(code).toBe(0);
  const lines = stdout.trim().split("\n");
  const names = lines.map((line) => (JSON.parse(line) as { name: string }).name).sort();
  expect(files.filter((name) => name.endsWith(".json"))).toEqual(names.map((name) => `${name}.json`));
  return names;
}

describe.concurrent("a device that is killed", () => {
  it.for(CASES)(
    "(%s) while both wait for %s leaves what is found, and nothing after a logout",
    async ([killed, stage], { machine }) => {
      const { server, pair } = await STAGES[stage](machine, "new");
      const devices = { new: pair.newDevice, existing: pair.existingDevice };
      devices[killed].kill("SIGKILL");
      expect((await devices[killed].ended).code).toBe("SIGKILL");
      // The other one would wait until the rendezvous session has expired.
      devices[OTHER[killed]].kill("SIGTERM");
      await devices[OTHER[killed]].ended;
      server.expireRendezvous();

      const names = await expectListed(machine);
      for (const name of names.filter((each) => each !== "existing")) {
        const { code, stderr } = await machine.run(["session", "logout", name]);
        expect(code, stderr).toBe(0);
      }
      await expectNothingLeft(machine, server);
      if (killed === "new") return;
      const checked = await machine.run(["session", "check", "existing"]);
      expect(checked.code, checked.stderr).toBe(0);
      expect((await machine.run(["session", "logout", "existing"])).code).toBe(0);
      expect(await machine.sessionFiles()).toEqual([]);
      expect(server.activeSessions()).toEqual([]);
    },
  );
});
