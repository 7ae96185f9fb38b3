import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { ROOT } from "../docs/pages.js";
import { it, type Machine } from "../support/machine.js";
import { TerminalEmulator, THEMES } from "../support/terminal-emulator.js";
import { TerminalRun } from "../support/terminal-run.js";

/** Where `npm run docs:scenes` wants the pictures of this width, in a dark and a light theme. */
const KEPT = process.env["MATRIX_QR_LOGIN_SCENES"];
const KEPT_COLUMNS = 80;
const ROWS = 24;

/** Nothing is to expire on a busy machine. */
const LIFETIMES = { rendezvousLifetimeMs: 300_000, msc4108LifetimeMs: 300_000 };
const TIMEOUT_MS = 240_000;

let emulator: TerminalEmulator;

beforeAll(async () => {
  emulator = await TerminalEmulator.start();
});
afterAll(() => emulator.close());

/** What each side has written by the time that a person has something to look at, in its order. */
type Scenes = Readonly<Record<string, string>>;

/** A whole sign-in, each side in a terminal of its own. */
async function signIn(machine: Machine, columns: number): Promise<Scenes> {
  const server = await machine.homeserver({ msc4108: true, intervalMs: 100, ...LIFETIMES });
  const session = await machine.addSession(server.existingSession);
  const picture = machine.path("qr.png");
  const options = ["--homeserver", server.baseUrl.href, "--qr-file", picture];
  const newDevice = new TerminalRun(machine, columns, ROWS, ["generate", ...options]);
  const running = [newDevice];
  try {
    // Where a code fits, it is that of apps, and there is another one.
    const code = await newDevice.until(
      columns < 76
        ? /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] \d:\d\d Scan/
        : /Press c for[\s\S]*[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] \d:\d\d Scan this with a device/,
    );
    const existingDevice = new TerminalRun(machine, columns, ROWS, ["scan", picture, "--session", session]);
    running.push(existingDevice);
    const question = await existingDevice.until(/\[y\/N\] /);
    existingDevice.type("y");
    const digits = await existingDevice.until(/Type this code[\s\S]*\d:\d\d Waiting until \d\d/);
    const wanted = await newDevice.until(/Scanned[\s\S]*Check code on the other/);
    newDevice.type(/Waiting until (\d\d)/.exec(existingDevice.text)?.[1] ?? "");
    const waiting = await newDevice.until(/The page must show[\s\S]*Waiting until it is/);
    const approve = await existingDevice.until(/Open this link[\s\S]*\d:\d\d Waiting until you/);
    const userCode = /[?&]code=([A-Z]{4}-[A-Z]{4})/.exec(existingDevice.text.replace(/\s/g, ""))?.[1] ?? "";
    expect(server.decide(userCode, "allow")).toBe(true);
    const [done, helped] = await Promise.all([newDevice.ended(), existingDevice.ended()]);
    return {
      ...{ "new-1-code": code, "new-2-digits": wanted, "new-3-waiting": waiting, "new-4-done": done },
      ...{ "existing-1-question": question, "existing-2-digits": digits, "existing-3-approve": approve },
      "existing-4-done": helped,
    };
  } finally {
    for (const each of running) await each.destroy();
  }
}

/** What each scene has to show, whatever is the width. */
const SHOWN: Readonly<Record<string, RegExp>> = {
  "new-1-code": /\d:\d\d Scan/,
  "new-2-digits": /\? \d:\d\d Check code on the other/,
  "new-3-waiting": /Approve the sign-in on the other device/,
  "new-4-done": /Next:/,
  "existing-1-question": /\[y\/N\]/,
  "existing-2-digits": /Type this code on the other device:/,
  "existing-3-approve": /Approve only if the page shows the same code/,
  "existing-4-done": /Whether it is verified/,
};

describe("a sign-in, as a person sees it from both sides,", () => {
  it.for([40, 80, 120])("at %d columns", { timeout: TIMEOUT_MS }, async (columns, { machine }) => {
    const scenes = await signIn(machine, columns);
    expect(Object.keys(scenes).sort()).toEqual(Object.keys(SHOWN).sort());
    for (const [scene, output] of Object.entries(scenes)) {
      for (const [name, theme] of Object.entries(THEMES)) {
        const look = { font: "DejaVu Sans Mono", lineHeight: 1, fontSize: 13, theme };
        const picture = `${scene}-${columns}-${name}`;
        const { lines, colouredLines } = await emulator.show(picture, output, columns, ROWS, look);
        const text = lines.join(" ").replaceAll(/\s+/g, " ");
        expect(text, picture).toMatch(SHOWN[scene] ?? /^$/);
        expect(text, picture).not.toMatch(/MSC\d|rendezvous|secure channel/i);
        // One code, and only while it is to be scanned.
        expect(colouredLines.length, picture).toBe(scene === "new-1-code" && columns > 44 ? 23 : 0);
        if (KEPT && columns === KEPT_COLUMNS) await keep(picture, `${scene}-${name}`);
      }
    }
  });
});

async function keep(picture: string, name: string): Promise<void> {
  const folder = join(ROOT, KEPT ?? "");
  await mkdir(folder, { recursive: true });
  await copyFile(emulator.pathOf(picture), join(folder, `${name}.png`));
}
