import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect } from "vitest";
import type { ExistingSession } from "../../src/dev-homeserver/dev-homeserver.js";
import { startPair } from "../support/device-pair.js";
import { it, type Machine } from "../support/machine.js";
import { type LonelySynapse, startLonelySynapse } from "../support/stack-synapse.js";

let synapse: LonelySynapse;
beforeAll(async () => {
  synapse = await startLonelySynapse();
}, 60_000);
afterAll(() => synapse.stop());

/** `homeserver --synapse`, which consents by itself, and the session that it hands out. */
async function startHomeserver(machine: Machine) {
  const { url, port, secretFile } = synapse;
  const behind = ["--synapse", url.href, "--synapse-secret-file", secretFile, "--port", String(port)];
  const running = machine.start(["homeserver", "--json", "--auto-consent", ...behind]);
  await running.until(() => running.stdout.includes("\n"), "ready");
  const ready = JSON.parse(running.stdout) as { readonly base_url: string; readonly session: string };
  const existingSession: ExistingSession = JSON.parse(await readFile(ready.session, "utf8"));
  return { running, ready, existingSession };
}

it("a script signs a device of a real Synapse in, and out; afterwards all can begin again", async ({
  machine,
}) => {
  const { running, ready, existingSession } = await startHomeserver(machine);
  expect(ready.base_url).toBe(synapse.url.href);
  const server = { baseUrl: new URL(ready.base_url), existingSession };
  const job = ["--check-code", "show", "--expect-user", existingSession.user_id];
  const { generator, scanner } = await startPair(machine, server, "new", { generate: job });
  const ends = await Promise.all([generator.ended, scanner.ended]);
  expect(
    ends.map(({ code }) => code),
    generator.describe() + scanner.describe(),
  ).toEqual([0, 0]);
  const checked = await machine.run(["session", "check", "--session", "new", "--json"]);
  expect(JSON.parse(checked.stdout)).toMatchObject({ verified: true });
  expect((await machine.run(["session", "logout", "--session", "new"])).code).toBe(0);
  running.kill("SIGTERM");
  await running.ended;

  const again = await startHomeserver(machine);
  expect(again.existingSession.user_id).toBe(existingSession.user_id);
  const check = await machine.run(["session", "check", "--session", again.ready.session, "--json"]);
  expect(JSON.parse(check.stdout)).toMatchObject({ verified: true });
});
