import { readFile, writeFile } from "node:fs/promises";
import { describe, expect, vi } from "vitest";
import { it, type Machine } from "../support/machine.js";
import { strayCode, writeBlankPicture, writePicture } from "../support/qr-samples.js";
import { recording } from "../support/recording.js";

/** A picture that takes far longer to draw than any test waits. */
async function writeEndlessPicture(machine: Machine): Promise<string> {
  const paths = Array.from(
    { length: 60_000 },
    (_, i) => `<path d="M${i % 97} ${i % 89}L${i % 83} 3z" opacity=".5"/>`,
  );
  const path = machine.path("endless.svg");
  await writeFile(
    path,
    `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">${paths.join("")}</svg>`,
  );
  return path;
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

  it.for([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("hold up no %s, however long one takes", async ([signal, code], { machine }) => {
    const picture = await writeEndlessPicture(machine);
    const { env, modules } = recording(machine);
    const inspecting = machine.start(["inspect", picture], { env, stdin: "none", detached: true });
    // The decoder is the last that is loaded before the picture is sent.
    await vi.waitFor(
      async () => expect(await readFile(modules, "utf8")).toContain("/picture-process.js"),
      20_000,
    );
    inspecting.killGroup(signal);
    expect((await inspecting.ended).code).toBe(code);
  });
});
