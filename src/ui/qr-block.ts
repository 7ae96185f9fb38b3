import type { Qr, Verification } from "../foundation/events.js";
import { drawQr, fitQr, type QrDrawing } from "../qr/draw/blocks.js";
import type { EcLevel, QrSize } from "../qr/draw/choices.js";
import { isForThisMachine } from "../sign-in/suspicious-link.js";
import { largeText } from "./large-text.js";
import { whole } from "./line.js";

/** How the person wants QR codes drawn. */
export interface QrOptions {
  readonly size: QrSize;
  readonly ecLevel: EcLevel;
}

/** What there is to draw on: cells, lines (Infinity in a log), and whether colours can be set. */
export interface Canvas {
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
}

/** A code as it is shown: some lines, and below them the drawing, unless none is wanted or none fits. */
export interface QrBlock {
  readonly lines: readonly string[];
  readonly drawing: QrDrawing | undefined;
}

/** Part of a code would be of no use: where it doesn't fit, its file and its payload stand in for it. */
export function qrBlock(event: Qr, options: QrOptions, canvas: Canvas): QrBlock {
  const payload = Buffer.from(event.payload, "base64");
  const drawing = drawQr(payload, { ...options, ...canvas });
  if (drawing) return { lines: [], drawing };
  const why = options.size === "none" ? [] : [whyNotDrawn(payload, options, canvas)];
  const lines = [...why, ...fileLines(event), ...payloadLines(event)];
  return { lines, drawing };
}

/** What a person at another device needs of a sign-in: some lines, and below them what is to be seen in one piece. */
export interface LinkBlock {
  readonly lines: readonly string[];
  readonly drawing: readonly string[];
}

/** Between a code and what is beside it: more of the quiet zone. */
const BESIDE = 3;

/**
 * A link as a code that a phone's camera opens, with the user code large beside it, or below it in a narrow window:
 * each as far as it is wanted and fits, as both are text too. No phone reaches a page on this machine.
 */
export function linkBlock(event: Verification, options: QrOptions, canvas: Canvas): LinkBlock {
  const link = event.verification_uri_complete ?? event.verification_uri;
  const qr = isForThisMachine(link) ? undefined : drawQr(Buffer.from(link), { ...options, ...canvas });
  if (!qr) return { lines: [], drawing: options.size === "none" ? [] : userCodeOf(event, canvas) };
  const lines = ["A phone's camera opens it from this code:"];
  const beside = userCodeOf(event, { columns: canvas.columns - qr.width - BESIDE, rows: qr.height });
  if (beside.length > 0) return { lines, drawing: sideBySide(qr.lines, beside, BESIDE) };
  const below = userCodeOf(event, { columns: canvas.columns, rows: canvas.rows - qr.height - 1 });
  return { lines, drawing: below.length > 0 ? [...qr.lines, "", ...below] : qr.lines };
}

/** The user code, or nothing where there is none or no room for it. */
function userCodeOf(
  { user_code }: Verification,
  { columns, rows }: Pick<Canvas, "columns" | "rows">,
): string[] {
  const large = user_code === undefined ? undefined : largeText(user_code, columns);
  return large && large.length <= rows ? large : [];
}

/** The lower one in the middle of the higher one. */
export function sideBySide(left: readonly string[], right: readonly string[], gap: number): string[] {
  const top = Math.floor((left.length - right.length) / 2);
  return left.map((line, index) => {
    const other = right[index - top];
    return other ? `${line}${" ".repeat(gap)}${other}` : line;
  });
}

/** Whether a drawing of the payload is wanted, and there is no room for one. */
export function lacksRoomFor(payload: Uint8Array, options: QrOptions, canvas: Canvas): boolean {
  return options.size !== "none" && fitQr(payload, { ...options, ...canvas }) === undefined;
}

/**
 * How to go on without a camera. sh, PowerShell and cmd.exe all hand the payload on as it stands; quotes, of which each
 * takes off others, it needs none.
 */
export function payloadLines(event: Qr): string[] {
  const command = event.intent === "new" ? "matrix-qr-login scan" : "matrix-qr-login scan --as new";
  return ["Without a camera, run this there:", `${command} ${whole(event.payload)}`];
}

/** That a picture goes with a drawing. */
export function fileToo(file: string): string[] {
  return [`It is in this file too: ${whole(file)}`];
}

function fileLines({ file }: Qr): string[] {
  return file === undefined ? [] : [`It is in this file: ${whole(file)}`];
}

function whyNotDrawn(payload: Uint8Array, options: QrOptions, canvas: Canvas): string {
  const ecLevel = options.ecLevel === "auto" ? "L" : options.ecLevel;
  const unlimited = { columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY };
  const needed = fitQr(payload, { ...options, ...unlimited, ecLevel });
  if (!needed) return `No QR code of error correction level ${ecLevel} holds that much.`;
  if (canvas.rows === Number.POSITIVE_INFINITY) {
    return `The QR code doesn't fit: it takes ${needed.width} columns, and there are ${canvas.columns}.`;
  }
  // One line more, for the cursor or the live line below it.
  const size = `${needed.width} columns and ${needed.height + 1} lines`;
  return `The QR code doesn't fit into this window. Enlarge it to ${size} to have the code drawn.`;
}
