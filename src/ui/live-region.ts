const CLEAR_LINE_END = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

/** A drawing that was the last thing printed, and how large the terminal was then. */
interface LastDrawing {
  readonly height: number;
  readonly columns: number;
  readonly rows: number;
}

/**
 * The lower end of a terminal: what is printed stays, and below it a frame of a line or two is painted in place.
 * No line break ends the frame, so a QR code of 23 lines and a frame of one fill 24 rows exactly. Nothing
 * above the frame is ever erased but a drawing by its successor.
 */
export class LiveRegion {
  readonly #out: NodeJS.WriteStream;
  #frame = "";
  #lastDrawing: LastDrawing | undefined;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** Prints lines above the frame; they may be wider than the terminal. */
  print(lines: readonly string[]): void {
    this.#lastDrawing = undefined;
    this.#printFrom(this.#toFrame(), lines);
  }

  /**
   * Prints a drawing above the frame: over the one before, as long as nothing was printed since and the
   * terminal kept its size, otherwise below everything else and after the heading.
   */
  draw(heading: readonly string[], drawing: readonly string[]): void {
    const { columns, rows } = this.#out;
    const last = this.#lastDrawing;
    const isInSight = last?.columns === columns && last.rows === rows && last.height < rows;
    if (isInSight) this.#printFrom(`${this.#toFrame()}\u001b[${last.height}A`, drawing);
    else this.print([...heading, ...drawing]);
    this.#lastDrawing = { height: drawing.length, columns, rows };
  }

  /** Puts another frame in the place of the one before. Its lines have to be narrower than the terminal. */
  paint(frame: string): void {
    if (frame === this.#frame) return;
    const lines = frame.split("\n").map((line) => line + CLEAR_LINE_END);
    this.#out.write(`${this.#toFrame()}${lines.join("\n")}${CLEAR_BELOW}`);
    this.#frame = frame;
  }

  /** Somebody else has printed below: what is there stays, and the next frame comes after it. */
  startBelow(): void {
    this.#lastDrawing = undefined;
    this.#frame = "";
  }

  #printFrom(cursorMovement: string, lines: readonly string[]): void {
    const text = lines.map((line) => `${line}\n`).join("");
    this.#out.write(`${cursorMovement}${CLEAR_BELOW}${text}${this.#frame}`);
  }

  /** From the end of the frame, where the cursor always is, to its start. */
  #toFrame(): string {
    const above = this.#frame.split("\n").length - 1;
    return above === 0 ? "\r" : `\r\u001b[${above}A`;
  }
}
