import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readQrCode } from "../../../../src/qr/read/read-qr-code.js";
import { readPayload } from "../../../../src/qr/read/source.js";
import { payloadOf } from "../../../support/pictures.js";
import { strayCode } from "../../../support/qr-samples.js";

/** With bytes of every kind, those included that base64 writes as "+" and "/". */
const payload = payloadOf("unstable_intent_0");
const base64 = Buffer.from(payload).toString("base64").replace(/=+$/, "");
const hex = Buffer.from(payload).toString("hex");
const ours = `matrix-qr-login scan ${base64}`;

function read(content: string | Uint8Array): Promise<Uint8Array> {
  const world = { readPicture: readQrCode, signal: new AbortController().signal };
  return readPayload("-", { ...world, stdin: Readable.from([Buffer.from(content)]) });
}

function wrapped(text: string, columns: number, end = "\n", prefix = ""): string {
  return (text.match(new RegExp(`.{1,${columns}}`, "g")) ?? []).map((line) => prefix + line).join(end);
}

const stamp = (line: string) => `2026-01-02T03:04:05.678901+00:00 app[web.1]: ${line}`;
const github = (line: string) => `2026-01-02T03:04:05.6789012Z ${line}`;
const dump = (offset: (at: number) => string, letters: boolean, group = 1) =>
  (hex.match(/.{1,32}/g) ?? [])
    .map((row, i) => {
      const cells = row.match(new RegExp(`.{1,${2 * group}}`, "g"))?.join(" ") ?? "";
      const ascii = Buffer.from(row, "hex")
        .toString("latin1")
        .replace(/[^ -~]/g, ".");
      return `${offset(16 * i)}${cells.padEnd(48)}${letters ? ` ${ascii}` : ""}`;
    })
    .join("\n");

const texts: readonly (readonly [string, string | Uint8Array])[] = [
  ["quotes of cmd.exe", `'${base64}'`],
  ["typographic quotes", `“${base64}”`],
  ["a sentence", `Please scan ${base64}, and tell me.\nThanks`],
  ["a code fence", `Here:\n\n\`\`\`text\n${ours}\n\`\`\`\nbye`],
  ["markdown", `**Code**: \`${base64}\`; it lasts a minute.`],
  ["an angle bracket", `<${base64}>`],
  ["the printed command", `${ours}\n`],
  ["the printed command of an older release", `matrix-qr-login scan '${base64}'`],
  ["a command with options", `$ npx ${ours} --session bot --yes`],
  ["a log with stamps", [`Signing this device in by QR code.`, ours].map(stamp).join("\n")],
  ["a log of GitHub Actions", ["##[group]Run generate", ours, "##[endgroup]"].map(github).join("\r\n")],
  [
    "a log with colours",
    `\u001b[36mweb-1  |\u001b[0m \u001b[1mmatrix-qr-login\u001b[22m scan \u001b[33m${base64}\u001b[0m\n`,
  ],
  ["a log of docker compose", ["hello", ours].map((line) => `web-1  | ${line}`).join("\n")],
  [
    "a log in JSON",
    `${JSON.stringify({ log: `${ours}\n`, stream: "stderr", time: "2026-01-02T03:04:05Z" })}\n`,
  ],
  ["an event", `{"event":"qr","payload":"${base64}","intent":"new"}\n`],
  ["JSON that escapes slashes", `{"payload":"${base64.replaceAll("/", "\\/")}"}`],
  [
    "JSON that escapes by number",
    `{"payload":"${base64.replaceAll("+", "\\u002b").replaceAll("/", "\\u002F")}"}`,
  ],
  [
    "JSON in JSON",
    JSON.stringify({ message: JSON.stringify({ event: "qr", payload: base64.replaceAll("/", "\\/") }) }),
  ],
  ["base64 of 64 columns", wrapped(base64, 64)],
  ["base64 of 76 columns, in a mail", wrapped(base64, 76, "\r\n", "> ")],
  ["base64 quoted twice", wrapped(base64, 40, "\n", ">> ")],
  ["base64 in an old log", wrapped(base64, 30, "\n", "Jan  2 03:04:05 host app[12]: ")],
  ["base64 in a log with brackets", wrapped(base64, 50, "\n", "[03:04:05] [web/INFO]: ")],
  ["base64 indented", wrapped(base64, 50, "\n", "      ")],
  ["base64 in a script", wrapped(base64, 50, " \\\n", "")],
  ["base64 in program code", wrapped(base64, 50, '" +\n  "', "")],
  ["a command that a terminal wrapped", wrapped(`${ours} --session bot`, 60)],
  ["a command that a narrow terminal wrapped", wrapped(`${ours} --session bot`, 12)],
  ["base64 with words after it", `${wrapped(base64, 64)}\nWithout a camera\n`],
  [
    "base64 in a box",
    wrapped(base64, 44)
      .split("\n")
      .map((line) => `│ ${line.padEnd(44)} │`)
      .join("\n"),
  ],
  ["a chat, with spaces of no width", base64.replace(/.{7}/g, "$&\u200b")],
  ["a chat, with a soft hyphen and a byte order mark", `\ufeff${base64.replace(/.{30}/g, "$&\u00ad")}`],
  ["a chat, with spaces that don't break", `Code:\u00a0${base64}\u00a0`],
  ["full width", base64.replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0))],
  [
    "a web page",
    `<html><body><p>Code:</p><pre>${base64.replaceAll("+", "&#43;").replaceAll("/", "&#x2F;")}</pre></body></html>`,
  ],
  ["a web page with breaks", `<p>${wrapped(base64, 40, "<wbr>")}</p>`],
  ["a link", `https://example.org/?code=${encodeURIComponent(base64)}&x=1`],
  ["a mail, quoted-printable", wrapped(`payload=3D${base64}`, 70, "=\r\n")],
  ["URL-safe base64", base64.replaceAll("+", "-").replaceAll("/", "_")],
  ["padded base64 and a comma", `"${base64}${"=".repeat((4 - (base64.length % 4)) % 4)}",`],
  ["hex", hex],
  ["hex with spaces", hex.replace(/../g, "$& ")],
  ["hex with colons", hex.replace(/..(?=.)/g, "$&:").toUpperCase()],
  ["hex as an array", hex.replace(/../g, "0x$&, ")],
  ["hex in a sentence", `payload: ${hex}.`],
  ["hex in a log", wrapped(hex, 64, "\n", "2026-01-02 03:04:05,678 INFO qr - ")],
  ["xxd", dump((at) => `${at.toString(16).padStart(8, "0")}: `, true, 2)],
  ["hexdump -C", dump((at) => `${at.toString(16).padStart(8, "0")}  `, false).replace(/$/gm, " |..|")],
  ["od -tx1", dump((at) => `${at.toString(8).padStart(7, "0")} `, false)],
  ["od -An -tx1", dump(() => " ", false)],
  ["Format-Hex", dump((at) => `${at.toString(16).padStart(8, "0")}   `, true)],
  ["numbers", JSON.stringify({ type: "Buffer", data: [...payload] }, null, 2)],
  ["zbarimg", `QR-Code:${base64}\nscanned 1 barcode symbols from 1 images in 0.01 seconds\n`],
  ["zbarimg --raw, bytes", Buffer.concat([Buffer.from("QR-Code:"), payload, Buffer.from("\n")])],
  ["bytes and a line break", Buffer.concat([payload, Buffer.from("\r\n")])],
  ["zbarimg, bytes as characters", `QR-Code:${Buffer.from(payload).toString("latin1")}\n`],
  [
    "ZXingReader",
    `Text: "IO_ELEMENT…"\nBytes:      ${hex.toUpperCase().replace(/../g, "$& ")}\nFormat:     QRCode\n`,
  ],
  [
    "ZXing's raw bytes, half a byte off",
    `Raw bytes\n${`4${payload.length.toString(16)}${hex}0ec11`.replace(/../g, "$& ")}`,
  ],
  [
    "a Python string",
    `b'${[...payload].map((b) => (b > 0x20 && b < 0x7f && b !== 0x27 && b !== 0x5c ? String.fromCharCode(b) : `\\x${b.toString(16).padStart(2, "0")}`)).join("")}'`,
  ],
  ["a JSON string of bytes", JSON.stringify({ rawValue: Buffer.from(payload).toString("latin1") })],
  ["UTF-8 with a mark", Buffer.from(`\ufeff${ours}\r\n`)],
  ["UTF-16, little-endian, with a mark", Buffer.from(`\ufeff${ours}\r\n`, "utf16le")],
  ["UTF-16, big-endian, with a mark", Buffer.from(`\ufeff${ours}\r\n`, "utf16le").swap16()],
  ["UTF-16, little-endian, without a mark", Buffer.from(`${ours}\r\n`, "utf16le")],
  ["UTF-16, big-endian, without a mark", Buffer.from(`${ours}\r\n`, "utf16le").swap16()],
  [
    "UTF-32",
    Buffer.concat(
      [...`\ufeff${ours}`].map((c) => Uint8Array.of(c.charCodeAt(0) & 255, c.charCodeAt(0) >> 8, 0, 0)),
    ),
  ],
  ["Latin-1", Buffer.from(`für später: ${base64}`, "latin1")],
];

describe("a payload is found in", () => {
  it.each(texts)("%s", async (_, text) => {
    expect(new Uint8Array(await read(text))).toEqual(payload);
  });

  it("any text, whatever its key is", async () => {
    for (let i = 0; i < 50; i++) {
      const code = strayCode(i % 2 ? "new" : "existing");
      const text = code.toString("base64");
      const of = async (content: string) => Buffer.from(await read(content)).toString("hex");
      expect(await of(`scan '${text}' --yes`)).toBe(code.toString("hex"));
      expect(await of(wrapped(text, 20 + i, "\n", "> "))).toBe(code.toString("hex"));
      expect(await of(`${wrapped(text.replace(/=+$/, ""), 64)}\nThen wait`)).toBe(code.toString("hex"));
      expect(await of(`QR-Code:${code.toString("latin1")}\n`)).toBe(code.toString("hex"));
      expect(await of(JSON.stringify({ text: code.toString("latin1") }))).toBe(code.toString("hex"));
    }
  });
});
