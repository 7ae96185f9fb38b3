import { describe, expect, it } from "vitest";
import { main } from "../src/cli.js";
import type { CommandContext } from "../src/commands/context.js";
import { hintOf } from "../src/commands/hints.js";
import type { Failure } from "../src/foundation/failures.js";
import { asked } from "./support/command-line.js";
import { FakeOutput } from "./support/fake-terminal.js";

const GLOBAL = { timeout: 600, allowHttp: [] };
const LOGIN = { bell: true, deviceKeys: "upload", qr: "auto", ecLevel: "auto" };

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
      ["login", "--homeserver", "example.org", "--recovery-key-file", "key"],
      ["login", { ...GLOBAL, ...LOGIN, homeserver: "example.org", recoveryKeyFile: "key" }],
    ],
    [
      ["session", "sign-device", "bot", "--fingerprint", "abc"],
      ["sessionSignDevice", { ...GLOBAL, name: "bot", fingerprint: "abc" }],
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
      [
        "session",
        "run",
        "--env",
        "A=user_id",
        "--env",
        "B=homeserver",
        "--",
        "python",
        "-u",
        "bot.py",
        "--json",
      ],
      [
        "sessionRun",
        ["python", "-u", "bot.py", "--json"],
        {
          ...GLOBAL,
          env: [
            { name: "A", what: "user_id" },
            { name: "B", what: "homeserver" },
          ],
        },
        undefined,
      ],
    ],
    [
      ["session", "serve", "--listen", "[::1]:8009", "--timeout", "5"],
      ["sessionServe", { ...GLOBAL, timeout: 5, listen: { host: "::1", port: 8009 } }, 5],
    ],
    [
      ["demo", "--by-hand"],
      ["demo", { ...GLOBAL, byHand: true }, undefined],
    ],
    [["demo"], ["demo", GLOBAL, GLOBAL.timeout]],
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
    [["session", "run"], "missing required argument 'command'"],
    [["session", "run", "--env", "A=password", "--", "x"], "NAME=WHAT"],
    [["session", "run", "--env", "1A=user_id", "--", "x"], "NAME=WHAT"],
    [["session", "serve", "--listen", "example.org"], "like 127.0.0.1:8009"],
    [["session", "list", "--offline"], "unknown option '--offline'"],
  ])("and %j none", async (args, message) => {
    await expect(asked(args)).rejects.toThrow(message);
  });
});

describe("a command line that can't be meant", () => {
  const refusalOf = async (...args: string[]) => {
    const told: Failure[] = [];
    await main(["node", "matrix-qr-login", ...args], {
      signIn: () => Promise.reject(new Error("Nothing is signed in.")),
      program: () => Promise.reject(new Error("No program is run.")),
      command: async (_options, command) => {
        await command({} as CommandContext).catch((failure: Failure) => told.push(failure));
      },
    });
    return told;
  };

  it.each<[string[], string, string]>([
    [
      ["doctor"],
      "`doctor` needs <server>: the homeserver's name, like example.org, or its base URL.",
      "For example: `doctor example.org`",
    ],
    [["doctor", "x", "--frobnicate"], 'There is no option "--frobnicate" for `doctor`.', "Add --help"],
    [
      ["doctor", "x", "--jsom"],
      'There is no option "--jsom" for `doctor`.',
      "Did you mean --json? Add --help",
    ],
    [["docter"], 'There is no command "docter".', "Did you mean `doctor`? Add --help"],
  ])("is told of as every other failure is: %j", async (args, message, hint) => {
    const [failure, ...others] = await refusalOf(...args);
    expect(others).toEqual([]);
    expect(failure).toMatchObject({ code: "usage_error", message });
    expect(failure && hintOf(failure)).toMatch(hint);
  });
});

it("names every command in its own help, whatever comes after that", async () => {
  const helpOf = async (...args: string[]) => {
    const stdout = new FakeOutput();
    await main(["node", "matrix-qr-login", ...args], {
      signIn: () => Promise.reject(new Error("Nothing is signed in.")),
      program: () => Promise.reject(new Error("No program is run.")),
      command: async (_options, command) =>
        void (await command({ stdout: stdout.asStream() } as CommandContext)),
    });
    return stdout.text;
  };
  const help = await helpOf("--help");
  expect(help).toMatch(/^ {2}generate /m);
  expect(help).toMatch(/^ {2}scan /m);
  expect(await helpOf("--help", "generate")).toBe(help);
});
