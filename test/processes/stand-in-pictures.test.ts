import { readFile } from "node:fs/promises";
import { describe, expect } from "vitest";
import { it, type Machine } from "../support/machine.js";
import { scanPicture } from "../support/pictures.js";

// A log is 80 columns wide: no code of this size fits.
const TOO_LARGE = ["--qr", "large"];
const PICTURE = /^0600 tmp\/matrix-qr-login-\w+\/(.*\.png)$/;

const pictures = async (machine: Machine) =>
  (await machine.written()).flatMap((line) => PICTURE.exec(line)?.[1] ?? []);

async function generate(machine: Machine, options: readonly string[], both = false) {
  const server = await machine.homeserver({ msc4108: both });
  const args = ["generate", "--homeserver", server.baseUrl.href, "--check-code", "stdin", ...options];
  return machine.start(args);
}

describe.concurrent("a code that fits nowhere", () => {
  it("is in a private file that is named with the payload, and gone with the program", async ({
    machine,
  }) => {
    const running = await generate(machine, TOO_LARGE);
    await running.until(() => running.stderr.includes("matrix-qr-login scan"), "the payload");
    const [, path = ""] = /^It is in this file: (.*)$/m.exec(running.stderr) ?? [];
    const [, payload = ""] = /^matrix-qr-login scan (\S+)$/m.exec(running.stderr) ?? [];
    expect(await scanPicture(await readFile(path))).toEqual(Uint8Array.from(Buffer.from(payload, "base64")));
    expect(await machine.written()).toContainEqual(expect.stringMatching(/^0700 tmp\/matrix-qr-login-\w+$/));
    expect(await pictures(machine)).toEqual(["msc4388.png"]);
    running.kill("SIGINT");
    expect((await running.ended).code).toBe(130);
    expect(await machine.temporaryFiles()).toEqual([]);
  });

  it("leaves no file behind where a second signal cuts the clean-up off", async ({ machine }) => {
    const running = await generate(machine, TOO_LARGE);
    await running.until(() => running.stderr.includes("matrix-qr-login scan"), "the payload");
    running.kill("SIGTERM");
    running.kill("SIGINT");
    expect((await running.ended).code).toBeGreaterThan(128);
    expect(await machine.temporaryFiles()).toEqual([]);
  });

  it("is in the file of --qr-file, and that of the other version in one of its own", async ({ machine }) => {
    const asked = machine.path("asked.png");
    const running = await generate(machine, [...TOO_LARGE, "--qr-file", asked], true);
    const named = () => running.stderr.match(/^It is in this file: .*$/gm) ?? [];
    await running.until(() => named().length === 2, "two files");
    expect(named()).toContain(`It is in this file: ${asked}`);
    expect(await pictures(machine)).toEqual(["msc4388.png"]);
    running.kill("SIGINT");
    await running.ended;
    expect(await machine.temporaryFiles()).toEqual([]);
  });

  it.for([
    ["--json", '"qr"', [...TOO_LARGE, "--json"]],
    ["--qr none", "matrix-qr-login scan", ["--qr", "none"]],
  ] as const)("is in no file with %s, which draws none", async ([, shown, options], { machine }) => {
    const running = await generate(machine, options);
    await running.until(() => (running.stdout + running.stderr).includes(shown), "the code");
    expect(running.stdout + running.stderr).not.toContain(".png");
    expect(await machine.temporaryFiles()).toEqual([]);
  });
});
