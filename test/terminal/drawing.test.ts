import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { decodeQrCode } from "../../src/protocol/qr-code.js";
import { readTwice } from "../support/decoders.js";
import { it, type Machine } from "../support/machine.js";
import { scanPicture } from "../support/pictures.js";
import { type Look, TerminalEmulator, THEMES } from "../support/terminal-emulator.js";
import { TerminalRun } from "../support/terminal-run.js";

let emulator: TerminalEmulator;

beforeAll(async () => {
  emulator = await TerminalEmulator.start();
});
afterAll(() => emulator.close());

const LOOKS: readonly (Look & { readonly name: string })[] = ["DejaVu Sans Mono", "Liberation Mono"].flatMap(
  (font) =>
    [1, 1.2].flatMap((lineHeight) =>
      Object.entries(THEMES).map(([name, theme]) => ({
        name: `${font}, line height ${lineHeight}, ${name}`,
        font,
        lineHeight,
        theme,
      })),
    ),
);
/** The live line, once ink has it. */
const LIVE_LINE = /^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] \d:\d\d Scan this with a device that is signed in/;

/** Runs `generate` in a terminal of that size, and gives what it has written once its code is waiting. */
async function generate(machine: Machine, columns: number, rows: number, options: readonly string[]) {
  const server = await machine.homeserver();
  const file = machine.path("qr.png");
  const args = ["generate", "--homeserver", server.baseUrl.href, "--qr-file", file, ...options];
  const run = new TerminalRun(machine, columns, rows, args);
  try {
    const output = await run.until(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] \d:\d\d /);
    const payload = await scanPicture(await readFile(file));
    return { output, payload, server };
  } finally {
    await run.interrupt();
  }
}

describe("the code that the program draws in a terminal is read by two readers from a screenshot,", () => {
  it.for([
    { what: "as it comes at 80x24, whole above the live line", columns: 80, rows: 24, options: [] },
    { what: "small, at level M", columns: 80, rows: 40, options: ["--qr", "small", "--ec-level", "M"] },
    { what: "small, at level Q", columns: 80, rows: 40, options: ["--qr", "small", "--ec-level", "Q"] },
    { what: "small, at level H", columns: 80, rows: 40, options: ["--qr", "small", "--ec-level", "H"] },
    { what: "large, at level L", columns: 100, rows: 50, options: ["--qr", "large", "--ec-level", "L"] },
    { what: "large, as it comes", columns: 140, rows: 75, options: ["--qr", "large"] },
  ])("$what", async ({ what, columns, rows, options }, { machine }) => {
    const { output, payload, server } = await generate(machine, columns, rows, options);
    expect(decodeQrCode(payload ?? new Uint8Array())).toMatchObject({ baseUrl: server.baseUrl.href });
    for (const look of LOOKS) {
      const { lines, colouredLines, code, window } = await emulator.show(
        `${what}, ${look.name}`,
        output,
        columns,
        rows,
        look,
      );
      expect(await readTwice(code, window), look.name).toEqual({ jsqr: payload, zxing: payload });
      // Whole, and with the live line below it.
      const [first = Number.NaN] = colouredLines;
      expect(colouredLines).toEqual(colouredLines.map((_, index) => first + index));
      expect(lines.findLast((line) => line !== "")).toMatch(LIVE_LINE);
      if (rows === 24) expect(colouredLines).toHaveLength(23);
    }
  });
});
