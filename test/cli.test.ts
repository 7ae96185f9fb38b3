import { describe, expect, it } from "vitest";
import { asked } from "./support/command-line.js";

const GLOBAL = { timeout: 600, allowHttp: [] };

describe("a command line calls one command, with its arguments", () => {
  it.each<[args: readonly string[], call: readonly unknown[]]>([
    [
      ["inspect", "a.png", "-"],
      ["inspect", ["a.png", "-"], GLOBAL],
    ],
    [
      ["doctor", "example.org"],
      ["doctor", "example.org", GLOBAL],
    ],
    [
      ["session", "list"],
      ["sessionList", GLOBAL],
    ],
    [
      ["session", "show"],
      ["sessionShow", GLOBAL],
    ],
    [
      ["session", "check"],
      ["sessionCheck", GLOBAL],
    ],
    [
      ["session", "export"],
      ["sessionExport", { ...GLOBAL, format: "json" }],
    ],
    [
      ["session", "logout"],
      ["sessionLogout", GLOBAL],
    ],
    ...["show", "check", "refresh", "logout"].map((verb): [string[], unknown[]] => [
      ["session", verb, "laptop", "--session", "phone"],
      [`session${verb[0]?.toUpperCase()}${verb.slice(1)}`, { ...GLOBAL, name: "laptop", session: "phone" }],
    ]),
    [
      ["session", "token", "laptop"],
      ["sessionToken", { ...GLOBAL, name: "laptop", minValid: 60 }],
    ],
    [
      ["session", "export", "laptop", "--show-secrets"],
      ["sessionExport", { ...GLOBAL, name: "laptop", format: "json", showSecrets: true }],
    ],
    [
      ["session", "import", "-", "--offline"],
      ["sessionImport", "-", { ...GLOBAL, offline: true }],
    ],
    [
      ["session", "import", "--token-file", "-", "--recovery-key-file", "key"],
      ["sessionImport", undefined, { ...GLOBAL, tokenFile: "-", recoveryKeyFile: "key" }],
    ],
    [
      ["demo", "--by-hand"],
      ["demo", { ...GLOBAL, byHand: true }],
    ],
  ])("%j", async (args, call) => {
    expect(await asked(args)).toEqual(call);
  });

  it.each<[args: readonly string[], message: string]>([
    [["frobnicate"], "unknown command 'frobnicate'"],
    [["session", "frobnicate"], "unknown command 'frobnicate'"],
    [["inspect"], "missing required argument 'source'"],
    [["doctor"], "missing required argument 'server'"],
    [["doctor", "a", "b"], "too many arguments"],
    [["session", "import", "a", "b"], "too many arguments"],
    [["session", "export", "--format", "yaml"], "Allowed choices are json."],
    [["session", "show", "a", "b"], "too many arguments"],
    [["session", "token", "--min-valid", "0"], "a number of seconds from 1 to"],
    [["session", "list", "--offline"], "unknown option '--offline'"],
  ])("and %j none", async (args, message) => {
    await expect(asked(args)).rejects.toThrow(message);
  });
});
