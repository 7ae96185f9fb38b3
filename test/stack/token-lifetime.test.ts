import { readFile, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { ExistingSession } from "../../src/dev-homeserver/dev-homeserver.js";
import { it } from "../support/machine.js";
import { StackDevice } from "../support/stack-account.js";
import { expectVerified, provideSite, signIn, signInUntilConsent } from "../support/stack-sign-in.js";

/** Seconds: less than a person takes to consent. */
const TOKEN_TTL = 8;
const site = provideSite({ TOKEN_TTL: String(TOKEN_TTL) });

async function readSession(path: string): Promise<ExistingSession> {
  return JSON.parse(await readFile(path, "utf8"));
}

it.concurrent("a device that was signed in helps the next one, though its token expires in the middle", async ({
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

it.concurrent("scripts that ask at once after the token has expired get good ones, which refresh renews", async ({
  machine,
}) => {
  const { stack, account } = site();
  const { userId } = account.device;
  const { deviceId } = await signIn(machine, site(), "new");
  const path = `${machine.sessionsFolder}/new.json`;
  const ownerOf = async (accessToken: string) => {
    const device = StackDevice.of(stack, { userId, deviceId, accessToken });
    return (await device.ask("GET /_matrix/client/v3/account/whoami")).body;
  };
  const before = await readSession(path);
  await sleep(Math.max(0, Date.parse(before.expires_at ?? "") - Date.now()) + 1000);
  // More than once refreshed, if the machine is busy; but never with a refresh token that was used before.
  const asked = await Promise.all(
    ["60", "1", "60", "1"].map((seconds) => machine.run(["session", "token", "new", "--min-valid", seconds])),
  );
  for (const [index, { code, stdout, stderr }] of asked.entries()) {
    expect([code, stdout], stderr).toEqual([0, expect.stringMatching(/^\S+\n$/)]);
    expect(stdout.trim()).not.toBe(before.access_token);
    const shortfall = /good for \d s, not for 60 s; the homeserver's live for 8 s\.\n$/;
    expect(stderr).toMatch(index % 2 === 0 ? shortfall : /^$/);
  }
  const current = await readSession(path);
  expect(asked.map(({ stdout }) => stdout.trim())).toContain(current.access_token);

  expect((await machine.run(["session", "refresh", "new"])).code).toBe(0);
  const refreshed = await readSession(path);
  expect(refreshed.access_token).not.toBe(current.access_token);
  expect(await ownerOf(refreshed.access_token)).toMatchObject({ user_id: userId, device_id: deviceId });
});
