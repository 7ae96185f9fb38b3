import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { PROGRAM } from "../support/cli-process.js";
import { strayCode } from "../support/qr-samples.js";

const payload = strayCode("new").toString("base64");
/** What it says about so many codes is more than a pipe holds. */
const MANY = Array<string>(700).fill(payload);

function start(args: readonly string[], stdout: number | "pipe"): ChildProcess {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ["ignore", stdout, "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function endOf(child: ChildProcess): Promise<{ code: unknown; stderr: string }> {
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  const [[code]] = await Promise.all([once(child, "exit"), child.stderr && once(child.stderr, "close")]);
  return { code, stderr };
}

describe("standard output", () => {
  it.skipIf(process.platform !== "linux").for([
    ["what was found", ["inspect", payload], 9],
    ["an event", ["inspect", "--json", payload], 9],
    ["the help", ["--help"], 9],
    ["a failure", ["inspect", "--json", "/nowhere"], 2],
    ["where a server is that would go on", ["homeserver", "--json"], 9],
  ] as const)("that is full is a failure where it was to have %s", async ([, args, exitCode]) => {
    const full = openSync("/dev/full", "w");
    onTestFinished(() => closeSync(full));
    const { code, stderr } = await endOf(start(args, full));
    expect(code).toBe(exitCode);
    expect(stderr).toMatch(/^Error: Standard output can't be written: no space .*ENOSPC.*\nHint: /m);
  });

  it("that nobody reads on is one without a word", async () => {
    const child = start(["inspect", "--json", ...MANY], "pipe");
    child.stdout?.destroy();
    expect(await endOf(child)).toEqual({ code: 9, stderr: "" });
  });

  it("loses nothing to a slow reader", async () => {
    const child = start(["inspect", "--json", ...MANY], "pipe");
    const ended = endOf(child);
    let text = "";
    for await (const chunk of child.stdout ?? []) {
      text += chunk;
      for (let turn = 0; turn < 20; turn++) await setImmediate();
    }
    expect(text.split("\n")).toHaveLength(MANY.length + 1);
    expect((await ended).code).toBe(0);
  });

  it("that nobody takes anything from holds nothing up longer than the time limit", async () => {
    const { code } = await endOf(start(["inspect", "--json", "--timeout", "1", ...MANY], "pipe"));
    expect(code).toBe(4);
  });
});
