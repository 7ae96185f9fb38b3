import { describe, expect, it } from "vitest";
import { asked } from "../../support/command-line.js";

const DEFAULTS = {
  as: "existing",
  dialect: "auto",
  deviceKeys: "upload",
  bell: true,
  browser: true,
  secrets: "session",
  timeout: 600,
  allowHttp: [],
};

describe("scan", () => {
  it("is an existing device, by default", async () => {
    expect(await asked(["scan", "qr.png"])).toEqual(["scan", "qr.png", DEFAULTS]);
  });

  it("takes stdin as its source, and the options of a new device", async () => {
    const args = ["scan", "-", "--as", "new", "--expect-user", "@a:b", "--dialect", "msc"];
    const options = { ...DEFAULTS, as: "new", expectUser: "@a:b", dialect: "msc" };
    expect(await asked(args)).toEqual(["scan", "-", options]);
  });

  it.each<[args: readonly string[], message: string]>([
    [[], "missing required argument 'source'"],
    [["one.png", "two.png"], "too many arguments"],
    // The check code is typed where the QR code is shown, so only the source can be on stdin here.
    [["-", "--check-code", "stdin"], "unknown option '--check-code'"],
    [["qr.png", "--channel", "msc4388"], "unknown option '--channel'"],
    [["qr.png", "--rendezvous", "example.org"], "unknown option '--rendezvous'"],
  ])("refuses %j", async (args, message) => {
    await expect(asked(["scan", ...args])).rejects.toThrow(message);
  });
});
