import { readFile, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { ExistingSession } from "../../src/dev-homeserver/dev-homeserver.js";
import { it } from "../support/machine.js";
import { expectVerified, provideSite, signIn, signInUntilConsent } from "../support/stack-sign-in.js";

/** Seconds: less than a person takes to consent. */
const TOKEN_TTL = 8;
const site = provideSite({ TOKEN_TTL: String(TOKEN_TTL) });

async function readSession(path: string): Promise<ExistingSession> {
  return JSON.parse(await readFile(path, "utf8"));
}

it("a device that was signed in helps the next one, though its token expires in the middle", async ({
  machine,
}) => {
  await signIn(machine, site(), "new");
  const path = `${machine.sessionsFolder}/new.json`;
  const existingSession = await readSession(path);
  await rm(path);

  const helped = { ...site(), account: { ...site().account, existingSession } };
  const pair = await signInUntilConsent(machine, helped, "new");
  const renewed = `${machine.sessionsFolder}/existing.json`;
  const before = await readSession(renewed);
  const expiry = Date.parse(before.expires_at ?? "");
  expect(expiry - Date.now()).toBeLessThan(TOKEN_TTL * 1000);
  await sleep(expiry - Date.now() + 1000);
  await pair.decide("allow");
  await expectVerified(machine, helped, pair);

  const after = await readSession(renewed);
  expect(after.access_token).not.toBe(before.access_token);
  expect(after.refresh_token).not.toBe(before.refresh_token);
  for (const session of ["existing", "new"]) {
    const checked = await machine.run(["session", "check", "--session", session, "--json"]);
    expect(JSON.parse(checked.stdout)).toMatchObject({ verified: true });
  }
});
