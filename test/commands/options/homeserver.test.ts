import { describe, expect, it } from "vitest";
import { asked, optionsFor } from "../../support/command-line.js";

const DEFAULTS = { host: "127.0.0.1", timeout: 600, allowHttp: [] };

describe("homeserver", () => {
  it("runs until it is stopped, by default", async () => {
    expect(await asked(["homeserver"])).toEqual(["homeserver", DEFAULTS, undefined]);
  });

  it("runs for a time that it is told, even if that is the default of the other commands", async () => {
    expect(await asked(["homeserver", "--timeout", "600"])).toEqual(["homeserver", DEFAULTS, 600]);
  });

  it.each<[args: readonly string[], options: object]>([
    [["--port", "0"], { port: 0 }],
    [["--host", "::1"], { host: "::1" }],
    [["--auto-consent"], { autoConsent: "allow" }],
    [["--auto-consent", "deny"], { autoConsent: "deny" }],
    [["--rendezvous-mode", "authenticated"], { rendezvousMode: "authenticated" }],
    [["--rendezvous-lifetime", "5"], { rendezvousLifetime: 5 }],
    [["--interval", "2"], { interval: 2 }],
    [["--token-ttl", "60"], { tokenTtl: 60 }],
    [["--like", "tuwunel"], { like: "tuwunel" }],
    [["--like-synapse"], { like: "synapse", likeSynapse: true }],
  ])("takes %j", async (args, options) => {
    expect(await optionsFor(["homeserver", ...args])).toEqual({ ...DEFAULTS, ...options });
  });

  it.each<[args: readonly string[], message: string]>([
    [["--port", "http"], "a number from 0 to 65535."],
    [["--auto-consent", "maybe"], "Allowed choices are allow, deny."],
    [["--rendezvous-mode", "closed"], "Allowed choices are open, authenticated, off."],
    [["--like", "dendrite"], "Allowed choices are synapse, tuwunel, continuwuity."],
    [["--token-ttl", "0"], "number of seconds"],
  ])("refuses %j", async (args, message) => {
    await expect(asked(["homeserver", ...args])).rejects.toThrow(message);
  });
});
