import type { Qr, Verification } from "../foundation/events.js";
import { fitQr, type QrDrawing } from "../qr/draw/blocks.js";
import type { LiveRegion } from "./live-region.js";
import { type Canvas, lacksRoomFor, linkBlock, type QrOptions, qrBlock } from "./qr-block.js";

/** The QR code on a terminal that has a live line in its last row. */
export class QrPanel {
  readonly #out: NodeJS.WriteStream;
  readonly #region: LiveRegion;
  readonly #options: QrOptions;
  /** What is on show, unless there was no room for it. */
  #drawing: QrDrawing | undefined;

  constructor(out: NodeJS.WriteStream, region: LiveRegion, options: QrOptions) {
    this.#out = out;
    this.#region = region;
    this.#options = options;
  }

  lacksRoomFor(payload: Uint8Array): boolean {
    return lacksRoomFor(payload, this.#options, this.#canvas());
  }

  show(code: Qr, heading: readonly string[] = []): void {
    const { lines, drawing } = qrBlock(code, this.#options, this.#canvas());
    const above = [...heading, ...lines];
    if (drawing) this.#region.draw(above, drawing.lines);
    else this.#region.print(above);
    this.#drawing = drawing;
  }

  /** Draws a link and its user code, where there is room for them. */
  showLink(event: Verification): void {
    const { lines, drawing } = linkBlock(event, this.#options, this.#canvas());
    if (drawing.length > 0) this.#region.draw(lines, drawing);
  }

  /** After a change of the window: draws the code once there is room, and anew where what is on show was cut. */
  refit(code: Qr): void {
    const { columns, rows } = this.#canvas();
    if (this.#drawing) {
      const isWhole = this.#drawing.width <= columns && this.#drawing.height <= rows;
      if (!isWhole) this.show(code);
    } else if (fitQr(Buffer.from(code.payload, "base64"), { ...this.#options, columns, rows })) {
      this.show(code);
    }
  }

  #canvas(): Canvas {
    const { columns, rows } = this.#out;
    // NO_COLOR asks for no decoration; the code's black and white are none.
    return { columns, rows: rows - 1, colour: true };
  }
}
