import { readFile } from "node:fs/promises";
import { describe, expect } from "vitest";
import { startPair, typeCheckCode } from "../support/device-pair.js";
import { expectFailureOf, expectNothingLeft } from "../support/failed-runs.js";
import { gateAtNewDevice } from "../support/faults.js";
import { it } from "../support/machine.js";

/** What goes wrong between two devices: each of them says why, and neither is left waiting. */

const CONSENT = { autoConsent: "allow", autoConsentDelayMs: 0 } as const;

describe.concurrent("a sign-in of two devices fails, and leaves nothing behind, by", () => {
  it.for([
    ["a wrong check code", (code: string) => (code === "10" ? "11" : "10")],
    ["a check code with one digit", (code: string) => code.slice(0, 1)],
    ["a check code with three digits", (code: string) => `${code}0`],
    ["a check code in words", () => "twenty-three"],
    ["an empty line for a check code", () => ""],
  ] as const)("%s from stdin, which has one try", async ([, typed], { machine }) => {
    const server = await machine.homeserver();
    const { generator, scanner } = await startPair(machine, server, "new");
    const { check_code, alternative } = await scanner.event("check_code");
    generator.type(typed(check_code) === alternative ? "99" : typed(check_code));
    await expectFailureOf(generator, "check_code_wrong");
    expect(generator.events.at(-2)).toEqual({ event: "check_code_rejected", attempts_left: 0 });
    await expectFailureOf(scanner, "rendezvous_gone");
    await expectNothingLeft(machine, server);
  });

  it.for(["new", "existing"] as const)(
    "the end of stdin, where the %s device waits for the check code",
    async (intent, { machine }) => {
      const server = await machine.homeserver();
      const { generator, scanner } = await startPair(machine, server, intent);
      await generator.event("check_code_required");
      generator.endInput();
      await expectFailureOf(generator, "user_cancelled");
      await expectFailureOf(scanner, "rendezvous_gone");
      await expectNothingLeft(machine, server);
    },
  );

  it.for(["new", "existing"] as const)(
    "a consent that is denied, the %s device showing the code",
    async (intent, { machine }) => {
      const server = await machine.homeserver({ autoConsent: "deny", autoConsentDelayMs: 0 });
      const pair = await startPair(machine, server, intent);
      await typeCheckCode(pair);
      await expectFailureOf(pair.newDevice, "consent_declined");
      await expectFailureOf(pair.existingDevice, "consent_declined");
      await expectNothingLeft(machine, server);
    },
  );

  it("a consent that comes too late", async ({ machine }) => {
    const server = await machine.homeserver({ authorizationLifetimeMs: 1000 });
    const pair = await startPair(machine, server, "new");
    await typeCheckCode(pair);
    await expectFailureOf(pair.newDevice, "authorization_expired");
    const { reason } = await expectFailureOf(pair.existingDevice, "authorization_expired");
    expect(reason).toBe("authorization_expired");
    await expectNothingLeft(machine, server);
  });

  it.for(["new", "existing"] as const)(
    "a client that the homeserver doesn't register, the %s device showing the code",
    async (intent, { machine }) => {
      const answer = { status: 422, body: "no \u001b[2J thanks", headers: { "content-type": "text/plain" } };
      const server = await machine.homeserver({
        intercept: ({ path }) => (path === "/oauth2/registration" ? { when: "before", answer } : undefined),
      });
      const pair = await startPair(machine, server, intent);
      await typeCheckCode(pair);
      const { message, hint } = await expectFailureOf(pair.newDevice, "homeserver_without_registration");
      expect(message).toContain("(no \\u{1b}[2J thanks)");
      expect(hint).toContain("--client-id");
      const { reason } = await expectFailureOf(pair.existingDevice, "other_device_failed");
      expect(reason).toBe("unsupported_protocol");
      await expectNothingLeft(machine, server);
    },
  );

  it("rendezvous sessions that are all gone at once, as after a restart", async ({ machine }) => {
    const server = await machine.homeserver();
    const pair = await startPair(machine, server, "existing");
    await typeCheckCode(pair);
    await pair.newDevice.event("waiting_for_consent");
    await pair.existingDevice.event("browser");
    server.expireRendezvous();
    await expectFailureOf(pair.newDevice, "rendezvous_gone");
    await expectFailureOf(pair.existingDevice, "rendezvous_gone");
    await expectNothingLeft(machine, server);
  });

  it("a browser that can't be started", async ({ machine }) => {
    const server = await machine.homeserver();
    const pair = await startPair(machine, server, "new", { scan: ["--browser", "false"] });
    await typeCheckCode(pair);
    const failed = await expectFailureOf(pair.existingDevice, "unable_to_open_verification_uri");
    expect(failed.hint).toContain("--no-browser");
    expect(pair.existingDevice.events).toContainEqual({ event: "browser", opened: false, by: "command" });
    const { reason } = await expectFailureOf(pair.newDevice, "other_device_failed");
    expect(reason).toBe("unable_to_open_verification_uri");
    await expectNothingLeft(machine, server);
  });

  it("a homeserver that registers no clients", async ({ machine }) => {
    const server = await machine.homeserver({ registration: false });
    const pair = await startPair(machine, server, "new");
    await typeCheckCode(pair);
    const failed = await expectFailureOf(pair.newDevice, "homeserver_without_registration");
    expect(failed.hint).toContain("--client-id");
    const { reason } = await expectFailureOf(pair.existingDevice, "other_device_failed");
    expect(reason).toBe("unsupported_protocol");
    await expectNothingLeft(machine, server);
  });

  it.for([
    ["without OAuth", { oauth: false }, "homeserver_without_oauth"],
    ["without the device authorization grant", { deviceGrant: false }, "homeserver_without_device_grant"],
  ] as const)(
    "an expected user on a homeserver %s, whatever the other device names",
    async ([, options, code], { machine }) => {
      const server = await machine.homeserver();
      const expected = await machine.homeserver(options);
      const pair = await startPair(machine, server, "new", {
        generate: ["--expect-user", expected.account.userId],
      });
      await typeCheckCode(pair);
      await expectFailureOf(pair.newDevice, code);
      const ignored = await pair.newDevice.event("warning");
      expect(ignored.code).toBe("homeserver_ignored");
      const { reason } = await expectFailureOf(pair.existingDevice, "other_device_failed");
      expect(reason).toBe("unsupported_protocol");
      await expectNothingLeft(machine, server);
      expect(expected.devices()).toHaveLength(1);
    },
  );

  it.for(["new", "existing"] as const)(
    "another user than --expect-user, the %s device showing the code",
    async (intent, { machine }) => {
      const server = await machine.homeserver(CONSENT);
      const expectUser = ["--expect-user", `@bob:${server.serverName}`];
      const options = intent === "new" ? { generate: expectUser } : { scan: expectUser };
      const pair = await startPair(machine, server, intent, options);
      await typeCheckCode(pair);
      expect((await expectFailureOf(pair.newDevice, "unexpected_user")).cleanup).toBe("revoked");
      expect(pair.newDevice.events.map(({ event }) => event)).not.toContain("signed_in");
      await expectFailureOf(pair.existingDevice, "rendezvous_gone");
      await expectNothingLeft(machine, server);
    },
  );

  it("another master key than --expect-master-key, when the secrets were sent already", async ({
    machine,
  }) => {
    const server = await machine.homeserver(CONSENT);
    const otherKey = Buffer.alloc(32, 7).toString("base64");
    const pair = await startPair(machine, server, "new", { generate: ["--expect-master-key", otherKey] });
    await typeCheckCode(pair);
    expect((await expectFailureOf(pair.newDevice, "unexpected_master_key")).cleanup).toBe("revoked");
    expect((await pair.existingDevice.ended).code).toBe(0);
    await expectNothingLeft(machine, server);
  });
});

describe.concurrent("a sign-in whose secrets never come", () => {
  it("is undone", async ({ machine }) => {
    const gate = gateAtNewDevice();
    const server = await machine.homeserver({ ...CONSENT, intercept: gate.intercept });
    const pair = await startPair(machine, server, "new");
    await typeCheckCode(pair);
    await gate.reached;
    pair.existingDevice.kill("SIGKILL");
    server.expireRendezvous();
    expect((await expectFailureOf(pair.newDevice, "rendezvous_gone")).cleanup).toBe("revoked");
    await expectNothingLeft(machine, server);
  });

  it("is kept with --keep-unverified", async ({ machine }) => {
    const gate = gateAtNewDevice();
    const server = await machine.homeserver({ ...CONSENT, intercept: gate.intercept });
    const pair = await startPair(machine, server, "new", { generate: ["--keep-unverified"] });
    await typeCheckCode(pair);
    await gate.reached;
    pair.existingDevice.kill("SIGKILL");
    server.expireRendezvous();
    const {
      session = "",
      cleanup,
      device_id,
    } = await expectFailureOf(pair.newDevice, "signed_in_unverified");
    expect(cleanup).toBe("none");
    const kept = JSON.parse(await readFile(session, "utf8")) as Record<string, unknown>;
    expect(kept).toMatchObject({ state: "unverified", device_id });
    expect(server.devices().map(({ deviceId }) => deviceId)).toContain(device_id);
  });
});
