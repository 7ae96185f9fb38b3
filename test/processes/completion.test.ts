import { execFile } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect } from "vitest";
import { it, type Machine } from "../support/machine.js";

const execute = promisify(execFile);

/** What bash offers for a command line, as its own completion asks for it. */
const PRESS_TAB = `
source <(matrix-qr-login completion bash)
COMP_WORDS=(matrix-qr-login "$@")
COMP_CWORD=$#
_matrix_qr_login 2>/dev/null
printf '%s\\n' "\${COMPREPLY[@]}"`;

async function offered(machine: Machine, ...words: string[]): Promise<string[]> {
  const folder = machine.path("bin");
  await mkdir(folder, { recursive: true });
  const program = fileURLToPath(new URL("../../bin/matrix-qr-login.js", import.meta.url));
  await symlink(program, `${folder}/matrix-qr-login`).catch(() => undefined);
  const env = { ...machine.environment, PATH: [folder, process.env["PATH"]].join(delimiter) };
  const { stdout } = await execute("bash", ["-c", PRESS_TAB, "bash", ...words], { env });
  return stdout.split("\n").filter(Boolean);
}

describe.concurrent("completion in bash", () => {
  it("offers commands, options and what they can be", async ({ machine }) => {
    expect(await offered(machine, "sc")).toEqual(["scan"]);
    expect(await offered(machine, "generate", "--as", "n")).toEqual(["new"]);
  });

  it("offers sessions by name", async ({ machine }) => {
    expect(await offered(machine, "session", "check", "")).toEqual([]);
    await machine.addSession({}, "bot");
    expect(await offered(machine, "session", "check", "")).toEqual(["bot"]);
  });
});

describe.concurrent("completion", () => {
  it.for(["bash", "zsh", "fish"])("has a script for %s", async (shell, { machine }) => {
    const { code, stdout } = await machine.run(["completion", shell]);
    expect(code).toBe(0);
    expect(stdout).toContain(`completion ${shell} -- `);
  });

  it("knows no other shell", async ({ machine }) => {
    expect((await machine.run(["completion", "tcsh"])).code).toBe(2);
  });
});
