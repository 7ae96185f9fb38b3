import { describe, expect, it } from "vitest";
import { ownCommands } from "../../src/commands/own-commands.js";

const FILE = "/opt/matrix-qr-login/bin/matrix-qr-login.js";

function machine(env: Readonly<Record<string, string>> = {}) {
  return {
    env: { HOME: "/home/me", PATH: "/usr/bin:/usr/local/bin", ...env },
    platform: "linux",
    homeDirectory: () => "/home/me",
    hostName: () => "builder-3",
  } as const;
}

describe("a command that is printed to be pasted", () => {
  it.each([
    ["as it is installed", "/usr/local/bin/matrix-qr-login", {}, "matrix-qr-login"],
    ["installed where no PATH leads to", "/opt/x y/matrix-qr-login", {}, "'/opt/x y/matrix-qr-login'"],
    ["from a clone", FILE, {}, `node ${FILE}`],
    ["as npx runs it", "/root/.npm/_npx/1/matrix-qr-login", { npm_command: "exec" }, "npx matrix-qr-login"],
    ["from a script of npm", FILE, { npm_command: "run-script" }, `node ${FILE}`],
  ])("starts the program %s", (_what, file, env, program) => {
    expect(ownCommands(file, machine(env)).program).toBe(program);
  });

  const sessions = "/home/me/.local/state/matrix-qr-login/sessions";

  it.each([
    ["by its name where it is among the others", `${sessions}/bot.json`, "bot"],
    ["by its path anywhere else", "/srv/bot.json", "/srv/bot.json"],
    ["by its path in a folder of that one", `${sessions}/old/bot.json`, `${sessions}/old/bot.json`],
    ["quoted where a shell would take it apart", "/srv/my bot.json", "'/srv/my bot.json'"],
    ["by its whole path where it was relative", "bot.json", `${process.cwd()}/bot.json`],
  ])("names a session %s", (_how, path, named) => {
    expect(ownCommands(FILE, machine()).session(path)).toBe(named);
  });
});
