import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { ROOT } from "../docs/pages.js";
import { it } from "../support/machine.js";
import { newDeviceScans, newDeviceShows, QR_FILE, type Scenes } from "../support/sign-in-scenes.js";
import { type Shown, TerminalEmulator, THEMES } from "../support/terminal-emulator.js";
import { framed, type Moment, writePicture, writeRecording } from "../support/terminal-pictures.js";

/** Where `npm run docs:scenes` wants the pictures of this width, and a recording. */
const KEPT = process.env["MATRIX_QR_LOGIN_SCENES"];
const KEPT_COLUMNS = 80;
/** The scenes that README.md shows, in a dark and a light theme. */
const KEPT_SCENES = /^(?:new-[124]|scanning-[13]|existing-3)-/;
const ROWS = 24;
const TIMEOUT_MS = 120_000;

let emulator: TerminalEmulator;

beforeAll(async () => {
  emulator = await TerminalEmulator.start();
});
afterAll(() => emulator.close());

/** What each scene has to show, whatever is the width. */
const SHOWN: Readonly<Record<string, RegExp>> = {
  "new-1-code": /\d:\d\d (?:Scan this|Waiting for a scan)/,
  "new-2-digits": /\? \d:\d\d Check code (?:on the other|shown there)/,
  "new-3-waiting": /Approve the sign-in on the other device/,
  "new-4-done": /is signed in and verified here.*Next:/,
  "existing-1-question": /\[y\/N\]/,
  "existing-2-digits": /Type this code on the other device:/,
  "existing-3-approve": /Approve only if the page shows the same code/,
  "existing-4-done": /Whether it has read them/,
  "scanning-1-digits": /Type this code on the other device:/,
  "scanning-2-waiting": /Approve the sign-in on the other device/,
  "scanning-3-done": /is signed in and verified here.*Next:/,
};

const WAYS = { "new device shows": newDeviceShows, "new device scans": newDeviceScans };

describe("a sign-in, as a person sees it from both sides,", () => {
  it.for(
    Object.entries(WAYS).flatMap(([way, signIn]) =>
      [40, 80, 120].map((columns) => ({ way, signIn, columns })),
    ),
  )("$way at $columns columns", { timeout: TIMEOUT_MS }, async ({ signIn, columns }, { machine }) => {
    const scenes = await signIn(machine, { columns, rows: ROWS });
    for (const [scene, output] of Object.entries(scenes)) {
      for (const name of ["dark", "light"] as const) {
        const picture = `${scene}-${columns}-${name}`;
        const shown = await show(picture, output, columns, name);
        const text = shown.lines.join(" ").replaceAll(/\s+/g, " ");
        expect(text, picture).toMatch(SHOWN[scene] ?? /^$/);
        expect(text, picture).not.toMatch(/MSC\d|rendezvous|secure channel/i);
        // One code, and only while it is to be scanned.
        expect(shown.colouredLines.length, picture).toBe(scene === "new-1-code" && columns > 44 ? 23 : 0);
        if (KEPT && columns === KEPT_COLUMNS && KEPT_SCENES.test(scene)) {
          const title = scene.startsWith("existing") ? "The device that is signed in" : "The new device";
          const kept = await framed(emulator, picture, shown, THEMES[name], { title });
          await writePicture(join(ROOT, KEPT), `${scene}-${name}.png`, kept);
        }
      }
    }
    if (KEPT && columns === KEPT_COLUMNS && signIn === newDeviceShows) await record(scenes, join(ROOT, KEPT));
  });
});

function show(picture: string, output: string, columns: number, theme: keyof typeof THEMES): Promise<Shown> {
  const look = { font: "DejaVu Sans Mono", lineHeight: 1, fontSize: 13, theme: THEMES[theme] };
  return emulator.show(picture, output, columns, ROWS, look);
}

/** Both sides of the sign-in, one above the other, up to the moment at which the new device is verified. */
async function record(scenes: Scenes, folder: string): Promise<void> {
  const command = `$ matrix-qr-login scan ${QR_FILE}`;
  const moments: readonly (readonly [string, string, number])[] = [
    [scenes["new-1-code"] ?? "", command, 3000],
    [scenes["new-1-code"] ?? "", scenes["existing-1-question"] ?? "", 3000],
    [scenes["new-2-digits"] ?? "", scenes["existing-2-digits"] ?? "", 3500],
    [scenes["new-3-waiting"] ?? "", scenes["existing-3-approve"] ?? "", 3500],
    [scenes["new-4-done"] ?? "", scenes["existing-4-done"] ?? "", 7000],
  ];
  const frames: Moment[] = [];
  for (const [newDevice, existingDevice, forMs] of moments) {
    const above = await frame("The new device", newDevice);
    const below = await frame("The device that is signed in", existingDevice);
    frames.push({ above, below, forMs });
  }
  await writeRecording(join(folder, "sign-in.gif"), frames, THEMES.dark.background);
}

async function frame(title: string, output: string): Promise<Buffer> {
  const shown = await show("recorded", output, KEPT_COLUMNS, "dark");
  return framed(emulator, "recorded", shown, THEMES.dark, { title, lines: ROWS });
}
