import { expect } from "vitest";
import { it } from "../support/machine.js";
import { strayCode } from "../support/qr-samples.js";
import { TerminalRun } from "../support/terminal-run.js";

it("takes no yes that was typed before there was a question", async ({ machine }) => {
  const server = await machine.homeserver();
  const session = await machine.addSession(server.existingSession);
  const code = strayCode("new", server.baseUrl.href).toString("base64");
  const run = new TerminalRun(machine, 80, 24, ["scan", code, "--session", session]);
  try {
    // The terminal has it before the program has begun to read.
    run.type("y");
    await run.until(/\[y\/N\] /);
    run.type("n");
    expect(await run.ended()).toContain("Cancelled. Nothing was signed in.");
  } finally {
    await run.destroy();
  }
});
