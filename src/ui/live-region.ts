import stringWidth from "fast-string-width";

const CLEAR_LINE_END = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";
const TO_TOP = "\u001b[H";
/** As many lines as the highest window has, so that what was printed last can be printed again. */
const MAX_KEPT = 200;

/**
 * The lower end of a terminal: what is printed stays, and below it a panel, such as a QR code, and a frame of a line or
 * two are kept in place. No line break ends the frame, so a QR code of 23 lines and a frame of one fill 24 rows exactly.
 * Nothing above the panel is ever erased, but when the window changes its size.
 */
export class LiveRegion {
  readonly #out: NodeJS.WriteStream;
  #panel: readonly string[] = [];
  #frame = "";
  /** What was printed last. */
  #printed: string[] = [];
  #isAway = false;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** Prints lines above panel and frame; they may be wider than the terminal. */
  print(lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.#printed = [...this.#printed, ...lines].slice(-MAX_KEPT);
    const text = lines.map((line) => `${line}\n`).join("");
    this.#out.write(this.#isAway ? text : `${this.#toPanel()}${CLEAR_BELOW}${text}${this.#panelAndFrame()}`);
  }

  /** Puts a panel in the place of the one before: no lines take it away. */
  show(panel: readonly string[]): void {
    if (panel.join("\n") === this.#panel.join("\n")) return;
    const start = `${this.#toPanel()}${CLEAR_BELOW}`;
    this.#panel = panel;
    if (!this.#isAway) this.#out.write(`${start}${this.#panelAndFrame()}`);
  }

  /** Whether lines and a frame of one line fit into the window. */
  hasRoomFor(lines: readonly string[]): boolean {
    return this.#rowsOf(lines) < this.#out.rows;
  }

  /** Whether no line of the frame is wider than the window, which may have become narrower. */
  get isFrameWhole(): boolean {
    return this.#frame.split("\n").every((line) => stringWidth(line) <= this.#out.columns);
  }

  /** Puts another frame in the place of the one before. Its lines have to be narrower than the terminal. */
  paint(frame: string): void {
    if (frame === this.#frame) return;
    const lines = frame.split("\n").map((line) => line + CLEAR_LINE_END);
    if (!this.#isAway) this.#out.write(`${this.#toFrame()}${lines.join("\n")}${CLEAR_BELOW}`);
    this.#frame = frame;
  }

  /** Rings the terminal's bell. */
  ring(): void {
    this.#out.write("\u0007");
  }

  /**
   * Fills the window anew, with another panel: after a change of its size nobody knows where a terminal has put what was
   * there, and pieces of an old code must not stay in sight. A frame that has become too wide is left out until it
   * is painted anew.
   */
  fill(panel: readonly string[]): void {
    this.#panel = panel;
    this.#isAway = false;
    if (!this.isFrameWhole) this.#frame = "";
    let rows = this.#rowsOf([...panel, ...this.#frame.split("\n")]);
    let first = this.#printed.length;
    while (first > 0) {
      rows += this.#rowsOf([this.#printed[first - 1] ?? ""]);
      if (rows > this.#out.rows) break;
      first--;
    }
    const text = this.#printed
      .slice(first)
      .map((line) => `${line}\n`)
      .join("");
    this.#out.write(`${TO_TOP}${CLEAR_BELOW}${text}${this.#panelAndFrame()}`);
  }

  /** Takes panel and frame off the terminal, which is somebody else's for a while, until they are to start below. */
  putAway(): void {
    this.#out.write(`${this.#toPanel()}${CLEAR_BELOW}`);
    this.#isAway = true;
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  /** Somebody else has printed below: what is there stays, and panel and frame are drawn anew after it. */
  startBelow(): void {
    this.#isAway = false;
    this.#out.write(`\r${CLEAR_BELOW}${this.#panelAndFrame()}`);
  }

  #panelAndFrame(): string {
    return this.#panel.map((line) => `${line}\n`).join("") + this.#frame;
  }

  /** From the end of the frame, where the cursor always is, to the start of the panel. */
  #toPanel(): string {
    return this.#toFrame() + up(this.#rowsOf(this.#panel));
  }

  #toFrame(): string {
    return `\r${up(this.#rowsOf(this.#frame.split("\n")) - 1)}`;
  }

  #rowsOf(lines: readonly string[]): number {
    const { columns } = this.#out;
    return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(stringWidth(line) / columns)), 0);
  }
}

function up(rows: number): string {
  return rows > 0 ? `\u001b[${rows}A` : "";
}
