import stringWidth from "string-width";
import { bold } from "../foundation/colours.js";
import type { Qr, Verification } from "../foundation/events.js";
import type { QrDrawing } from "../qr/draw/blocks.js";
import type { LiveRegion } from "./live-region.js";
import {
  type Canvas,
  lacksRoomFor,
  linkBlock,
  type QrBlock,
  type QrOptions,
  qrBlock,
  sideBySide,
} from "./qr-block.js";
import { type CodeKeys, stepLines } from "./qr-steps.js";
import { wrapProse } from "./wrap.js";

/** The narrowest that steps beside a code may be, and the widest that is read with ease. */
const STEPS_FROM = 27;
const STEPS_TO = 40;
const GAP = 3;

/** A code that is to be scanned, with what a person may do with it. */
export interface CodeOnShow {
  readonly event: Qr;
  /** It has taken the place of one that expires soon. */
  readonly isNew: boolean;
  readonly keys: CodeKeys;
}

interface Layout {
  readonly lines: readonly string[];
  /** Where the steps are, or what there is instead of a code. */
  readonly form: "beside" | "below" | "bare" | "instead" | "link";
}

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

  /** Whether what to do is said beside the code, or below it. */
  get hasSteps(): boolean {
    return this.#shown?.form === "beside" || this.#shown?.form === "below";
  }

  /** Whether there was room for the code that is on show. */
  get isDrawn(): boolean {
    return this.#shown !== undefined && this.#shown.form !== "instead";
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

  #layOutCode({ event, isNew, keys }: CodeOnShow): Layout {
    const canvas = this.#canvas();
    const { lines: instead, drawing } = this.#draw(event, canvas);
    if (!drawing) {
      // The first is prose; what follows is of use only in one piece.
      const [why = "", ...whole] = instead;
      return { form: "instead", lines: [...wrapProse(why, canvas.columns - 1), ...whole] };
    }
    const stepsFor = (columns: number) => [
      ...(isNew ? [this.#bold("This is a new code."), ""] : []),
      ...wrapProse(
        `Scan it with ${event.intent === "new" ? "a device that is signed in" : "the new device"}:`,
        columns,
      ),
      "",
      ...stepLines(event, columns, keys),
    ];
    const room = Math.min(STEPS_TO, canvas.columns - 1 - drawing.width - GAP);
    const beside = stepsFor(room);
    if (room >= STEPS_FROM && beside.length <= drawing.height) {
      return { form: "beside", lines: sideBySide(drawing.lines, beside, GAP) };
    }
    const below = stepsFor(canvas.columns - 1);
    if (drawing.height + 1 + below.length <= canvas.rows) {
      return { form: "below", lines: [...drawing.lines, "", ...below] };
    }
    return { form: "bare", lines: drawing.lines };
  }

  /** A code that is on show stays as it is while it fits, even where there is room for a better one. */
  #draw(event: Qr, canvas: Canvas): QrBlock {
    const { of, block } = this.#drawn ?? {};
    const fits = (drawing: QrDrawing) => drawing.width <= canvas.columns && drawing.height <= canvas.rows;
    if (block?.drawing && of === event && fits(block.drawing)) return block;
    const drawn = qrBlock(event, this.#options, canvas);
    this.#drawn = { of: event, block: drawn };
    return drawn;
  }

  #bold(text: string): string {
    return this.#coloured ? bold(text) : text;
  }

  #fits(lines: readonly string[]): boolean {
    const { columns } = this.#canvas();
    return this.#region.hasRoomFor(lines) && lines.every((line) => stringWidth(line) <= columns);
  }

  #canvas(): Canvas {
    const { columns, rows } = this.#out;
    // NO_COLOR asks for no decoration; the code's black and white are none.
    return { columns, rows: rows - 1, colour: true };
  }
}
