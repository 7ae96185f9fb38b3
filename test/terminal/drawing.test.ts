import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { decodeQrCode } from "../../src/protocol/qr-code.js";
import { PROGRAM } from "../support/cli-process.js";
import { readTwice } from "../support/decoders.js";
import { EventProcess } from "../support/event-process.js";
import { it, type Machine } from "../support/machine.js";
import { scanPicture } from "../support/pictures.js";
import { type Look, TerminalEmulator } from "../support/terminal-emulator.js";

let emulator: TerminalEmulator;

beforeAll(async () => {
  emulator = await TerminalEmulator.start();
});
afterAll(() => emulator.close());

const THEMES = {
  dark: { background: "#1e1e1e", foreground: "#d4d4d4" },
  light: { background: "#fdf6e3", foreground: "#586e75" },
};
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
const LIVE_LINE = /^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] Scan this with a device that is signed in · \d:\d\d$/;

/** Runs `generate` in a terminal of that size, and gives what it has written once its code is waiting. */
async function generate(machine: Machine, columns: number, rows: number, options: readonly string[]) {
  const server = await machine.homeserver();
  const file = machine.path("qr.png");
  const args = [PROGRAM, "generate", "--homeserver", server.baseUrl.href, "--qr-file", file, ...options];
  const command = [process.execPath, ...args].map((arg) => `'${arg}'`).join(" ");
  const env = {
    PATH: process.env["PATH"],
    HOME: machine.path("."),
    TERM: "xterm-256color",
    SHELL: "/bin/sh",
  };
  const running = new EventProcess(
    "script",
    ["-qfec", `stty cols ${columns} rows ${rows}; exec ${command}`, "/dev/null"],
    () => ({ event: "none" }),
    { env, cwd: machine.path("."), stdin: "pipe" },
  );
  try {
    const isWaiting = () => /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏].* · \d:\d\d/.test(running.stdout.replaceAll(SGR, ""));
    await running.until(isWaiting, "the live line");
    const payload = await scanPicture(await readFile(file));
    return { output: running.stdout, payload, server };
  } finally {
    running.type("\u0003");
    await running.ended;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is taken away
const SGR = /\u001b\[[\d;]*m/g;

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
      const { lines, colouredLines, code } = await emulator.show(
        `${what}, ${look.name}`,
        output,
        columns,
        rows,
        look,
      );
      expect(await readTwice(code), look.name).toEqual({ jsqr: payload, zxing: payload });
      // Whole, and with the live line right below it.
      const [first = Number.NaN] = colouredLines;
      expect(colouredLines).toEqual(colouredLines.map((_, index) => first + index));
      expect(lines[first + colouredLines.length]).toMatch(LIVE_LINE);
      if (rows === 24) expect(colouredLines).toHaveLength(23);
    }
  });
});
