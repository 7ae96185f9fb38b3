import { describe, expect, it, onTestFinished } from "vitest";
import { type DevHomeserverOptions, startDevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import { examine } from "../../src/doctor/examine.js";
import { BROKEN_BY_PROXY, SETTINGS, type State, verdictOf } from "../../src/doctor/findings.js";
import { systemClock } from "../../src/foundation/clock.js";
import { createHttpClient } from "../../src/network/http-client.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";

const { signal } = new AbortController();

async function examined(options: DevHomeserverOptions) {
  const homeserver = await startDevHomeserver(options);
  const urlPolicy = createUrlPolicy([]);
  const http = createHttpClient({ clock: systemClock, env: {}, urlPolicy, userAgent: "test" });
  onTestFinished(async () => {
    await http.close();
    await homeserver.close();
  });
  const { baseUrl } = homeserver;
  const findings = await examine({ http, urlPolicy, clock: systemClock, baseUrl }, () => undefined, signal);
  const states: Partial<Record<string, State>> = {};
  for (const { check, state } of findings) states[check] = state;
  return { homeserver, findings, states, verdict: verdictOf(findings) };
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
    });
    expect(homeserver.liveMsc4108Sessions()).toEqual([]);
  });

  it.each([
    ["oauth", { oauth: false }, "missing"],
    ["device_authorization_grant", { deviceGrant: false }, "missing"],
    ["client_registration", { registration: false }, "missing"],
  ] as const)(
    "finds no sign-in without %s, and says which setting changes it",
    async (check, options, state) => {
      const { findings, states, verdict } = await examined(options);
      expect(states[check]).toBe(state);
      expect(findings.find((finding) => finding.check === check)?.setting).toBe(SETTINGS[check]);
      expect(verdict.sign_in).toBe(false);
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
      "whose path a proxy doesn't pass on",
      { status: 404, body: '{"errcode":"M_UNRECOGNIZED"}' },
      "not found",
    ],
    ["whose entity tags it takes away", { status: 202 }, "ETag"],
  ])("finds sessions of the 2024 version %s", async (_why, answer, said) => {
    const { findings, verdict } = await examined({
      msc4108: true,
      intercept: ({ method }) => (method === "PUT" ? { when: "after", answer } : undefined),
    });
    const { state, message, setting } = findings.at(-1) ?? {};
    expect([state, setting]).toEqual(["missing", BROKEN_BY_PROXY]);
    expect(message).toContain(said);
    expect(verdict.new_device_generates).toEqual(["msc4388"]);
  });

  it("finds that nobody can", async () => {
    const { states, verdict } = await examined({ rendezvous: "off" });
    expect(states["rendezvous_msc4388"]).toBe("missing");
    expect(states["rendezvous_msc4108_2024"]).toBe("missing");
    expect(verdict).toMatchObject({ new_device_generates: [], existing_device_generates: [] });
  });
});
