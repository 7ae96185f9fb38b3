import stringWidth from "fast-string-width";
import type { Qr, Verification } from "../foundation/events.js";
import type { QrDrawing } from "../qr/draw/blocks.js";
import type { LiveRegion } from "./live-region.js";
import { type Canvas, lacksRoomFor, linkBlock, type QrBlock, type QrOptions } from "./qr-block.js";
import { type CodeOnShow, fitCode, type Layout, layOutCode } from "./qr-layout.js";
import { NO_KEYS, scanLine } from "./qr-steps.js";

/** The code on a terminal that has a live line in its last row: one at a time, and always in the same place. */
export class QrPanel {
  readonly #out: NodeJS.WriteStream;
  readonly #region: LiveRegion;
  readonly #options: QrOptions;
  readonly #coloured: boolean;
  #layOut: (() => Layout) | undefined;
  #shown: Layout | undefined;
  #drawn: { readonly of: Qr; readonly block: QrBlock } | undefined;

  constructor(out: NodeJS.WriteStream, region: LiveRegion, options: QrOptions, coloured: boolean) {
    this.#out = out;
    this.#region = region;
    this.#options = options;
    this.#coloured = coloured;
  }

  lacksRoomFor(payload: Uint8Array): boolean {
    return lacksRoomFor(payload, this.#options, this.#canvas());
  }

  /** Whether there was room for the code that is on show. */
  get isDrawn(): boolean {
    return this.#shown !== undefined && this.#shown.form !== "instead";
  }

  /** What the live line says of the code that is on show, and of keys where nothing beside or below the code does. */
  lineFor({ event, keys }: Pick<CodeOnShow, "event" | "keys">, columns: number): string {
    const form = this.#shown?.form ?? "instead";
    return scanLine(event, this.isDrawn, form === "bare" || form === "instead" ? keys : NO_KEYS, columns);
  }

  show(code: CodeOnShow): void {
    this.#put(() => this.#layOutCode(code));
  }

  /** Draws a link and its user code, where there is room for them. */
  showLink(event: Verification): void {
    this.#put(() => {
      const { lines, drawing } = linkBlock(event, this.#options, this.#canvas());
      return { form: "link", lines: drawing.length > 0 ? [...lines, ...drawing] : [] };
    });
  }

  /** Takes away what is on show: it is of no use any more. */
  clear(): void {
    this.#layOut = undefined;
    this.#shown = undefined;
    this.#region.show([]);
  }

  /** After a change of the window: fills it anew, unless what is on show is whole and nothing better fits. */
  refit(): void {
    if (!this.#layOut || !this.#shown) return;
    const layout = this.#layOut();
    const isWhole = this.#shown.form === "instead" || this.#fits(this.#shown.lines);
    if (layout.form === this.#shown.form && isWhole) return;
    this.#shown = layout;
    if (this.#region.hasRoomFor(layout.lines)) this.#region.fill(layout.lines);
    else {
      this.#region.fill([]);
      this.#region.print(layout.lines);
    }
  }

  #put(layOut: () => Layout): void {
    const layout = layOut();
    this.#layOut = layOut;
    this.#shown = layout;
    const hasRoom = this.#region.hasRoomFor(layout.lines);
    this.#region.show(hasRoom ? layout.lines : []);
    // In a window that is too low even for what stands in for a code, that scrolls.
    if (!hasRoom) this.#region.print(layout.lines);
  }

  /** A code that is on show stays as it is while it fits, even where there is room for a better one. */
  #layOutCode(code: CodeOnShow): Layout {
    const canvas = this.#canvas();
    const { of, block } = this.#drawn ?? {};
    const fits = ({ width, height }: QrDrawing) => width <= canvas.columns && height <= canvas.rows;
    if (block?.drawing && of === code.event && fits(block.drawing)) {
      return layOutCode(code, block, canvas, this.#coloured);
    }
    const shown = fitCode(code, this.#options, canvas, this.#coloured);
    this.#drawn = { of: code.event, block: shown.block };
    return shown.layout;
  }

  #fits(lines: readonly string[]): boolean {
    const { columns } = this.#canvas();
    const isWhole = lines.every((line) => stringWidth(line) <= columns);
    return isWhole && this.#region.hasRoomFor(lines) && this.#region.isFrameWhole;
  }

  #canvas(): Canvas {
    const { columns, rows } = this.#out;
    // NO_COLOR asks for no decoration; the code's black and white are none.
    return { columns, rows: rows - 1, colour: true };
  }
}
