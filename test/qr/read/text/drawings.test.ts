import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { drawQr } from "../../../../src/qr/draw/blocks.js";
import { qrModules, withMargin } from "../../../../src/qr/draw/modules.js";
import { readQrCode } from "../../../../src/qr/read/read-qr-code.js";
import { readPayload } from "../../../../src/qr/read/source.js";
import { payloadOf } from "../../../support/pictures.js";

const payload = payloadOf("unstable_intent_0");
const unlimited = { columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY };

function draw(size: "small" | "large", colour: boolean, ecLevel: "L" | "Q" = "L"): string[] {
  return [...(drawQr(payload, { ...unlimited, size, ecLevel, colour })?.lines ?? [])];
}

function read(content: string | Uint8Array): Promise<Uint8Array> {
  const world = { readPicture: readQrCode, signal: new AbortController().signal };
  return readPayload("-", { ...world, stdin: Readable.from([Buffer.from(content)]) });
}

/** Other programs' ways: each module's text, dark or light. */
function modules(dark: string, light: string, margin = 2): string[] {
  return withMargin(qrModules(payload, "L"), margin).map((row) =>
    row.map((isDark) => (isDark ? dark : light)).join(""),
  );
}

const small = draw("small", false);
const coloured = draw("small", true);
const stamp = "2026-01-02T03:04:05.678901+00:00 app[web.1]: ";

const swapped: Readonly<Record<string, string>> = { "█": " ", " ": "█", "▀": "▄", "▄": "▀" };
const inverse = small.map((line) => [...line].map((cell) => swapped[cell]).join(""));

/** As a console of that code page shows UTF-8. */
const misread = (lead: string, [upper, lower, full]: readonly string[]) =>
  small
    .join("\r\n")
    .replaceAll("▀", lead + upper)
    .replaceAll("▄", lead + lower)
    .replaceAll("█", lead + full);

const drawings: readonly (readonly [string, string | Uint8Array])[] = [
  ["half blocks", small.join("\n")],
  ["half blocks in colours", coloured.join("\n")],
  ["whole blocks", draw("large", false).join("\n")],
  ["whole cells in colours", draw("large", true).join("\n")],
  ["half blocks of level Q", draw("small", false, "Q").join("\n")],
  ["dark half blocks on light", inverse.join("\n")],
  ["dark half blocks, with trailing spaces cut", inverse.map((line) => line.trimEnd()).join("\n")],
  ["half blocks with a stamp before each line", small.map((line) => stamp + line).join("\n")],
  ["colours with a stamp before each line", coloured.map((line) => stamp + line).join("\r\n")],
  [
    "half blocks with stamps of different widths",
    small.map((line, i) => `[${1.5 ** i} s] ${line}`).join("\n"),
  ],
  ["half blocks amid a log", ["Scan this:", ...small, "Without a camera, run this there:", ""].join("\n")],
  ["half blocks with empty lines between", small.join("\n\n")],
  ["half blocks in a box", small.map((line) => `│ ${line} │`).join("\n")],
  ["half blocks indented, in a code fence", `~~~\n${small.map((line) => `    ${line}`).join("\n")}\n~~~`],
  ["half blocks quoted in a mail", small.map((line) => `> ${line}`).join("\r\n")],
  ["half blocks with spaces that don't break", small.join("\n").replaceAll(" ", "\u00a0")],
  ["half blocks in a web page", `<html><pre>${small.join("<br>")}</pre></html>`],
  ["a log in JSON", small.map((line) => JSON.stringify({ log: `${line}\n`, stream: "stderr" })).join("\n")],
  ["colours in a log in JSON", coloured.map((line) => JSON.stringify({ log: `${line}\n` })).join("\n")],
  ["colours with a written-out escape character", coloured.join("\n").replaceAll("\u001b", "^[")],
  ["colours that lost their escape character", coloured.join("\n").replaceAll("\u001b", "")],
  ["UTF-16, as PowerShell writes it", Buffer.from(`\ufeff${small.join("\r\n")}`, "utf16le")],
  ["a console of the code page 437", misread("Γû", ["Ç", "ä", "ê"])],
  ["a console of the code page 1252", misread("â–", ["€", "„", "ˆ"])],
  ["qrencode -t UTF8", small.map((line) => `\u001b[40;37;1m${line}\u001b[0m`).join("\n")],
  [
    "qrencode -t ANSI",
    modules("\u001b[40m  ", "\u001b[47m  ")
      .map((line) => `${line}\u001b[0m`)
      .join("\n"),
  ],
  [
    "qrencode -t ANSI256",
    modules("\u001b[48;5;16m  ", "\u001b[48;5;231m  ")
      .map((line) => `${line}\u001b[0m`)
      .join("\n"),
  ],
  ["qrencode -t ASCII", modules("##", "  ").join("\n")],
  ["qrencode -t ASCIIi", modules("  ", "##").join("\n")],
  ["qrcode-terminal", modules("\u001b[40m  \u001b[0m", "\u001b[47m  \u001b[0m").join("\n")],
  [
    "true colours",
    modules("\u001b[48;2;10;20;90m  ", "\u001b[48;2;250;240;200m  ")
      .map((line) => `${line}\u001b[m`)
      .join("\n"),
  ],
  ["reverse video", modules("  ", "\u001b[7m  \u001b[27m").join("\n")],
  ["emoji", modules("⬛", "⬜").join("\n")],
  ["Braille", braille()],
  ["half blocks without a margin", drawnHalves(0)],
];

function drawnHalves(margin: number): string {
  const rows = withMargin(qrModules(payload, "L"), margin);
  const lines: string[] = [];
  for (let y = 0; y < rows.length; y += 2) {
    const cells = (rows[y] ?? []).map((upper, x) => {
      const lower = rows[y + 1]?.[x] ?? true;
      return upper ? (lower ? " " : "▄") : lower ? "▀" : "█";
    });
    lines.push(cells.join(""));
  }
  return lines.join("\n");
}

function braille(): string {
  const rows = withMargin(qrModules(payload, "L"), 4);
  const dots = [
    [0, 0],
    [0, 1],
    [0, 2],
    [1, 0],
    [1, 1],
    [1, 2],
    [0, 3],
    [1, 3],
  ] as const;
  const lines: string[] = [];
  for (let y = 0; y < rows.length; y += 4) {
    let line = "";
    for (let x = 0; x < rows.length; x += 2) {
      const bits = dots.reduce((sum, [dx, dy], i) => sum | ((rows[y + dy]?.[x + dx] ? 0 : 1) << i), 0);
      line += String.fromCharCode(0x2800 + bits);
    }
    lines.push(line);
  }
  return lines.join("\n");
}

describe("a code is read that is drawn with", () => {
  it.each(drawings)("%s", async (_, text) => {
    expect(new Uint8Array(await read(text))).toEqual(payload);
  });
});
