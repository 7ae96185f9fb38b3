import { writeFile } from "node:fs/promises";
import { describe, expect } from "vitest";
import type { Decision } from "../../src/dev-homeserver/dev-homeserver.js";
import { ConnectProxy } from "../support/connect-proxy.js";
import { startGenerator } from "../support/device-pair.js";
import { expectFailureOf } from "../support/failed-runs.js";
import { type Machine, it as machineTest } from "../support/machine.js";
import { diagnose } from "../support/stack-doctor.js";
import { expectNewVerified, expectNothingLeft, provideSite, signIn } from "../support/stack-sign-in.js";

/**
 * The certificate is by an authority of the stack's own. It is for localhost and for matrix.test, which nobody
 * finds but the tests' proxy. Both servers call themselves localhost, and loopback is never reached through a
 * proxy: what is looked up by name goes through it, and MAS's part of a sign-in always past it.
 */
const SERVER_NAME = "matrix.test";
const site = provideSite({ SCHEME: "https", SERVER_NAME });

/** With a proxy, for who trusts the site's authority and reaches it through that. */
const it = machineTest.extend<{ proxy: ConnectProxy; env: Readonly<Record<string, string>> }>({
  // biome-ignore lint/correctness/noEmptyPattern: a fixture has to take its fixtures apart.
  proxy: async ({}, use) => {
    const proxy = await ConnectProxy.start(site().stack.baseUrl.port);
    await use(proxy);
    proxy.close();
  },
  env: ({ proxy }, use) => use({ ...site().stack.trust, HTTPS_PROXY: proxy.url }),
});

/** A job that logs in as alice, up to where she has the link to the consent page. */
async function logInUntilConsent(machine: Machine, env: Readonly<Record<string, string>>, deviceId: string) {
  const { stack, account } = site();
  const keyFile = machine.path("recovery-key");
  await writeFile(keyFile, account.recoveryKey);
  const who = ["--expect-user", account.device.userId, "--recovery-key-file", keyFile];
  const args = ["login", "--json", "--session", "new", "--device-id", deviceId, ...who];
  const login = machine.start(args, { stdin: "none", env });
  const { user_code } = await login.event("waiting_for_consent");
  const { verification_uri_complete = "" } = await login.event("verification");
  const decide = (decision: Decision) => stack.decide(verification_uri_complete, user_code, decision);
  return { login, decide };
}

describe.concurrent("where all is https", () => {
  it("a sign-in works for who trusts the authority", async ({ machine }) => {
    await signIn(machine, site(), "new", { env: site().stack.trust });
  });

  it("who doesn't trust it is told how to", async ({ machine }) => {
    const generator = await startGenerator(machine, site().account, "new");
    const { message, hint } = await expectFailureOf(generator, "network_error");
    expect(message).toContain("signed by an unknown authority");
    expect(hint).toContain("NODE_EXTRA_CA_CERTS");
  });

  it("doctor finds nothing amiss", async ({ machine }) => {
    const { code, settings } = await diagnose(machine, site().stack);
    expect(code).toBe(0);
    expect(settings).toEqual({});
  });

  it("a new device looks up the server name that a code of the 2024 version has", async ({
    machine,
    proxy,
    env,
  }) => {
    await signIn(machine, site(), "existing", { channel: "msc4108-2024", env });
    expect(proxy.targets).toEqual([`${SERVER_NAME}:443`]);
  });

  it("a job that says whose device it is to be needs nobody to type the check code", async ({
    machine,
    proxy,
    env,
  }) => {
    const generate = ["--check-code", "show", "--expect-user", site().account.device.userId];
    await signIn(machine, site(), "new", { generate, env });
    expect(proxy.targets).toEqual([`${SERVER_NAME}:443`]);
  });

  it("a sign-in works where the homeserver is reached only through the proxy", async ({
    machine,
    proxy,
    env,
  }) => {
    const { account } = site();
    const baseUrl = new URL(account.baseUrl);
    baseUrl.hostname = SERVER_NAME;
    const existingSession = { ...account.existingSession, base_url: baseUrl.href };
    const { generator } = await signIn(
      machine,
      { ...site(), account: { ...account, baseUrl, existingSession } },
      "new",
      { env },
    );
    expect((await generator.event("rendezvous_created")).base_url).toBe(baseUrl.href);
    expect(new Set(proxy.targets)).toEqual(new Set([baseUrl.host]));
  });

  it("a job logs in without another device, and is verified with the keys from secret storage", async ({
    machine,
    env,
  }) => {
    const deviceId = "LOGGEDINDEVICE";
    const { login, decide } = await logInUntilConsent(machine, env, deviceId);
    expect(await decide("allow")).toBe(true);
    expect((await login.ended).code, login.describe()).toBe(0);
    await expectNewVerified(machine, site(), login, deviceId);
  });

  it("a login that is denied leaves nothing", async ({ machine, env }) => {
    const deviceId = "DENIEDDEVICE";
    await machine.addSession(site().account.existingSession);
    const { login, decide } = await logInUntilConsent(machine, env, deviceId);
    expect(await decide("deny")).toBe(true);
    await expectFailureOf(login, "consent_declined");
    await expectNothingLeft(machine, site(), { deviceId });
  });
});
