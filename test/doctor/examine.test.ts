import { describe, expect, it, onTestFinished } from "vitest";
import { type DevHomeserverOptions, startDevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import { examine } from "../../src/doctor/examine.js";
import type { State } from "../../src/doctor/findings.js";
import { settingFor } from "../../src/doctor/settings.js";
import { TRAPS } from "../../src/doctor/traps.js";
import { systemClock } from "../../src/foundation/clock.js";
import { createHttpClient } from "../../src/network/http-client.js";
import { localUrlPolicy } from "../support/local-url-policy.js";

const { signal } = new AbortController();

async function examined(options: DevHomeserverOptions) {
  const homeserver = await startDevHomeserver(options);
  const urlPolicy = localUrlPolicy();
  const http = createHttpClient({ clock: systemClock, env: {}, urlPolicy, userAgent: "test" });
  onTestFinished(async () => {
    await http.close();
    await homeserver.close();
  });
  const { baseUrl } = homeserver;
  const examination = { http, urlPolicy, clock: systemClock, baseUrl };
  const { findings, verdict, obstacle } = await examine(examination, () => undefined, signal);
  const states: Partial<Record<string, State>> = {};
  for (const { check, state } of findings) states[check] = state;
  return { homeserver, findings, states, verdict, obstacle };
}

describe("doctor", () => {
  it("finds nothing amiss where everything is on, and names no setting", async () => {
    const { findings, verdict, homeserver } = await examined({ msc4108: true });
    expect(findings.every(({ state, setting }) => state === "ok" && setting === undefined)).toBe(true);
    expect(verdict).toEqual({
      event: "verdict",
      sign_in: true,
      new_device_generates: ["msc4388", "msc4108-2024"],
      existing_device_generates: ["msc4388", "msc4108-2024"],
      apps: true,
    });
    expect(homeserver.liveRendezvousSessions()).toEqual([]);
    expect(homeserver.liveMsc4108Sessions()).toEqual([]);
  });

  it.each<[string, DevHomeserverOptions]>([
    ["everything is on", { msc4108: true }],
    ["only devices that are signed in can show codes", { rendezvous: "authenticated" }],
    ["no device can", { rendezvous: "off" }],
    ["sign-in can't be approved elsewhere", { deviceGrant: false }],
  ])("says what it finds without the protocol's words where %s", async (_where, options) => {
    const { findings } = await examined(options);
    for (const { message } of findings) expect(message).not.toMatch(/rendezvous|MSC|grant|authorization/i);
  });

  it.each([
    ["oauth", { oauth: false }, "missing", "homeserver_without_oauth"],
    ["device_authorization_grant", { deviceGrant: false }, "missing", "homeserver_without_device_grant"],
    ["client_registration", { registration: false }, "missing", "homeserver_without_registration"],
  ] as const)(
    "finds no sign-in without %s, and says which setting changes it",
    async (check, options, state, code) => {
      const { findings, states, verdict, obstacle } = await examined(options);
      expect(states[check]).toBe(state);
      const { setting } = findings.find((finding) => finding.check === check) ?? {};
      expect(setting).toBe(settingFor(undefined, check));
      expect(setting).toContain("Tuwunel: ");
      expect(verdict.sign_in).toBe(false);
      expect(verdict.apps).toBe(false);
      expect(obstacle?.code).toBe(code);
      expect(states["rendezvous_msc4388"]).toBe("ok");
    },
  );

  it("finds that the user code has to be typed", async () => {
    const { states, verdict } = await examined({ verificationUriComplete: false });
    expect(states["verification_uri_complete"]).toBe("limited");
    expect(verdict.sign_in).toBe(true);
  });

  it("finds that only existing devices can generate codes", async () => {
    const { states, verdict } = await examined({ rendezvous: "authenticated" });
    expect(states["rendezvous_msc4388"]).toBe("limited");
    expect(verdict).toMatchObject({ new_device_generates: [], existing_device_generates: ["msc4388"] });
  });

  it.each([
    [
      "that a proxy lets nobody write into",
      { status: 404, body: '{"errcode":"M_UNRECOGNIZED"}' },
      "write_refused",
      "Writing",
    ],
    ["whose entity tags it takes away", { status: 202 }, "etags_changed", "ETag"],
  ] as const)("finds sessions of the 2024 version %s", async (_why, answer, trap, said) => {
    const { findings, verdict, homeserver } = await examined({
      msc4108: true,
      intercept: ({ method, path }) =>
        method === "PUT" && path.startsWith("/_rendezvous/") ? { when: "after", answer } : undefined,
    });
    const { state, message, setting, trap: found } = findings.at(-1) ?? {};
    expect([state, setting, found]).toEqual(["missing", TRAPS[trap].remedy, trap]);
    expect(message).toContain(said);
    expect(verdict.new_device_generates).toEqual(["msc4388"]);
    expect(homeserver.liveMsc4108Sessions()).toEqual([]);
  });

  it("finds that nobody can", async () => {
    const { states, verdict } = await examined({ rendezvous: "off" });
    expect(states["rendezvous_msc4388"]).toBe("missing");
    expect(states["rendezvous_msc4108_2024"]).toBe("missing");
    expect(verdict).toMatchObject({ new_device_generates: [], existing_device_generates: [] });
  });
});
