import { describe, expect, it } from "vitest";
import { asked, optionsFor } from "../../support/command-line.js";

const DEFAULTS = {
  as: "new",
  channel: "auto",
  dialect: "auto",
  checkCode: "prompt",
  deviceKeys: "upload",
  qr: "auto",
  ecLevel: "auto",
  bell: true,
  browser: true,
  secrets: "session",
  timeout: 600,
  allowHttp: [],
};

describe("generate", () => {
  it("is a new device that asks for everything, by default", async () => {
    expect(await asked(["generate"])).toEqual(["generate", DEFAULTS]);
  });

  it.each<[args: readonly string[], options: object]>([
    [["--as", "existing"], { as: "existing" }],
    [["--homeserver", "example.org"], { homeserver: "example.org" }],
    [["--rendezvous", "example.org"], { rendezvous: "example.org" }],
    [["--channel", "msc4388"], { channel: "msc4388" }],
    [["--channel", "msc4108-2024"], { channel: "msc4108-2024" }],
    [["--dialect", "vodozemac-0.11.0"], { dialect: "vodozemac-0.11.0" }],
    [["--check-code", "stdin"], { checkCode: "stdin" }],
    [["--check-code", "show"], { checkCode: "show" }],
    [["--qr-file", "qr.svg"], { qrFile: "qr.svg" }],
    [["--qr", "none"], { qr: "none" }],
    [["--ec-level", "H"], { ecLevel: "H" }],
    [["--expect-user", "@a:b"], { expectUser: "@a:b" }],
    [["--expect-master-key", "AAAA"], { expectMasterKey: "AAAA" }],
    [["--device-name", "Build bot"], { deviceName: "Build bot" }],
    [["--client-id", "client"], { clientId: "client" }],
    [["--device-id", "ABCDEFGHIJ"], { deviceId: "ABCDEFGHIJ" }],
    [["--keep-unverified"], { keepUnverified: true }],
    [["--device-keys", "defer"], { deviceKeys: "defer" }],
    [["--no-bell"], { bell: false }],
    [["--no-browser"], { browser: false }],
    [["--browser", "firefox"], { browser: "firefox" }],
    [["--secrets", "secrets.json"], { secrets: "secrets.json" }],
    [["--yes"], { yes: true }],
  ])("takes %j", async (args, options) => {
    expect(await optionsFor(["generate", ...args])).toEqual({ ...DEFAULTS, ...options });
  });

  it.each<[args: readonly string[], message: string]>([
    [["--as", "both"], "Allowed choices are new, existing."],
    [["--channel", "msc1"], "Allowed choices are auto, msc4388, msc4108-2024."],
    [["--dialect", "vodozemac"], "Allowed choices are auto, msc, vodozemac-0.11.1, vodozemac-0.11.0."],
    [["--check-code", "12"], "Allowed choices are prompt, stdin, show."],
    [["--device-keys", "later"], "Allowed choices are upload, defer."],
    [["--qr", "huge"], "Allowed choices are auto, small, large, none."],
    [["--ec-level", "l"], "Allowed choices are auto, L, M, Q, H."],
    [["--qr-file"], "argument missing"],
    [["--frobnicate"], "unknown option '--frobnicate'"],
    [["qr.png"], "too many arguments"],
  ])("refuses %j", async (args, message) => {
    await expect(asked(["generate", ...args])).rejects.toThrow(message);
  });
});
