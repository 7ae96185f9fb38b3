import { drawQr, type EcLevel, type QrSize } from "../qr/draw.js";
import type { Qr } from "./events.js";
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

/** The drawn code, or undefined where none is wanted or none fits: part of a code would be of no use. */
export function qrDrawing(event: Qr, options: QrOptions, canvas: Canvas): readonly string[] | undefined {
  return drawQr(Buffer.from(event.payload, "base64"), { ...options, ...canvas })?.lines;
}

/** How to go on without a camera. */
export function payloadLines(event: Qr): string[] {
  const command = event.intent === "new" ? "matrix-qr-login scan" : "matrix-qr-login scan --as new";
  return ["Without a camera, run this there:", `${command} '${whole(event.payload)}'`];
}

/** What is shown where there is no drawing. */
export function linesWithoutDrawing(event: Qr, options: QrOptions): string[] {
  if (options.size === "none") return payloadLines(event);
  return ["The QR code doesn't fit into this window: enlarge it and start again.", ...payloadLines(event)];
}
