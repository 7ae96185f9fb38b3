// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what this is about
const CONTROL_SEQUENCE_OR_CHARACTER = /\u001b\[([\d;]*)([A-Za-z])|\u001b\]8;[^\u001b]*\u001b\\|./gsu;

/** As much of a terminal as the displays use: what the person sees after everything that was written. */
export class Screen {
  readonly #columns: number;
  readonly #rows: number;
  readonly #cells: string[][];
  #x = 0;
  #y = 0;

  constructor(columns: number, rows: number, text: string) {
    this.#columns = columns;
    this.#rows = rows;
    this.#cells = Array.from({ length: rows }, () => []);
    for (const [token, parameter, command] of text.matchAll(CONTROL_SEQUENCE_OR_CHARACTER)) {
      if (command) this.#obey(command, parameter ?? "");
      else this.#put(token);
    }
  }

  get lines(): string[] {
    return this.#cells.map((row) =>
      Array.from(row, (cell) => cell ?? " ")
        .join("")
        .trimEnd(),
    );
  }

  get cursor(): { x: number; y: number } {
    return { x: this.#x, y: this.#y };
  }

  #row(y = this.#y): string[] {
    return this.#cells[y] ?? [];
  }

  #put(character: string): void {
    // A bell is heard, and a link's address is not shown.
    if (character === "\u0007" || character.startsWith("\u001b]")) return;
    if (character === "\r") this.#x = 0;
    else if (character === "\n") this.#feed();
    else {
      if (this.#x === this.#columns) this.#feed();
      this.#row()[this.#x++] = character;
    }
  }

  #feed(): void {
    // A terminal in its usual mode takes a line feed for a new line.
    this.#x = 0;
    if (this.#y < this.#rows - 1) this.#y++;
    else this.#cells.push(...this.#cells.splice(0, 1).map(() => []));
  }

  #obey(command: string, parameter: string): void {
    if (command === "A") this.#y = Math.max(0, this.#y - Number(parameter || 1));
    else if (command === "H") this.#x = this.#y = 0;
    else if (command === "K") this.#row().splice(this.#x);
    else if (command === "J" && parameter === "") {
      this.#row().splice(this.#x);
      for (let y = this.#y + 1; y < this.#rows; y++) this.#row(y).splice(0);
    } else if (command !== "m") throw new Error(`Unexpected control sequence ${parameter}${command}`);
  }
}
