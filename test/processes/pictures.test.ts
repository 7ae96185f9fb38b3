import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { describe, expect, vi } from "vitest";
import { expectEnded } from "../support/ended.js";
import { it, type Machine } from "../support/machine.js";
import { strayCode, writeBlankPicture, writePicture } from "../support/qr-samples.js";
import { recording } from "../support/recording.js";

/** A picture that takes far longer to draw than it may. */
async function writeEndlessPicture(machine: Machine): Promise<string> {
  const shapes = Array.from(
    { length: 300_000 },
    (_, i) => `<path d="M${i % 97} ${i % 89}L${i % 83} 3z" opacity=".5"/>`,
  );
  const path = machine.path("endless.svg");
  await writeFile(
    path,
    `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">${shapes.join("")}</svg>`,
  );
  return path;
}

/** As on a machine that there is no libvips for. */
const WITHOUT_SHARP = {
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(`
    import Module from "node:module";
    const load = Module._load;
    Module._load = (request, ...rest) => {
      if (request === "sharp") throw new Error("There is no libvips.");
      return load(request, ...rest);
    };`)}`,
};

/** Until a picture is being decoded: the process itself is there before, but what watches over it is loaded then alone. */
async function untilDecoding(modules: string): Promise<void> {
  await vi.waitFor(
    async () => expect(await readFile(modules, "utf8")).toContain("/picture-watchdog.js"),
    20_000,
  );
}

/** The processes that a process has started. */
async function childrenOf(parent: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid="]);
  const rows = stdout
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/).map(Number));
  return rows.flatMap(([pid = Number.NaN, ppid]) => (ppid === parent ? [pid] : []));
}

describe.concurrent("pictures on the command line", () => {
  it("are all read, whatever is between them", async ({ machine }) => {
    const code = strayCode("new");
    const sources = [
      await writePicture(machine.path("first.png"), code),
      await writeBlankPicture(machine.path("blank.png")),
      await writePicture(machine.path("last.png"), code),
    ];
    const { code: exitCode, stdout } = await machine.run(["inspect", "--json", ...sources]);
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    const payload = code.toString("base64").replace(/=+$/, "");
    expect(events).toMatchObject([{ payload }, { code: "no_qr_code" }, { payload }]);
    expect(exitCode).toBe(2);
  });

  it("are not to blame where libvips can't be loaded", async ({ machine }) => {
    const picture = await writePicture(machine.path("qr.png"), strayCode("new"));
    const { code, stderr } = await machine.run(["inspect", picture], { env: WITHOUT_SHARP });
    expect(stderr).toContain("can't be read in this installation");
    expect(stderr).toContain("sharp");
    expect(code).toBe(2);
  });

  it.for([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("hold up no %s, however long one takes", async ([signal, code], { machine }) => {
    const picture = await writeEndlessPicture(machine);
    const { env, modules } = recording(machine);
    const inspecting = machine.start(["inspect", picture], { env, stdin: "none", detached: true });
    await untilDecoding(modules);
    const [decoder = Number.NaN] = await childrenOf(inspecting.pid);
    inspecting.killGroup(signal);
    const signalled = performance.now();
    expect((await inspecting.ended).code).toBe(code);
    // After five seconds the run would have been cut off.
    expect(performance.now() - signalled).toBeLessThan(4000);
    await expectEnded(decoder);
  });

  it("leave no process behind when the run is killed", async ({ machine }) => {
    const picture = await writeEndlessPicture(machine);
    const { env, modules } = recording(machine);
    const inspecting = machine.start(["inspect", picture], { env, stdin: "none" });
    await untilDecoding(modules);
    const [decoder = Number.NaN] = await childrenOf(inspecting.pid);
    inspecting.kill("SIGKILL");
    await expectEnded(decoder);
  });
});
