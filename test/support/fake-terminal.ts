import { PassThrough, Writable } from "node:stream";
import { vi } from "vitest";

// biome-ignore lint/suspicious/noControlCharactersInRegex: it starts with one.
const MARKS_PASTES = /^\u001b\[\?2004([hl])$/;

/** A stream that keeps what is written to it, as a terminal of a given size or as a pipe. */
export class FakeOutput extends Writable {
  readonly isTTY: boolean;
  columns: number;
  rows: number;
  text = "";
  marksPastes = false;

  constructor(terminal?: { columns: number; rows: number }) {
    super({
      decodeStrings: false,
      write: (chunk: string, _encoding, done) => {
        // A mode of the terminal is nothing that anybody sees.
        const mode = MARKS_PASTES.exec(chunk)?.[1];
        if (mode) this.marksPastes = mode === "h";
        else this.text += chunk;
        done();
      },
    });
    this.isTTY = terminal !== undefined;
    this.columns = terminal?.columns ?? 0;
    this.rows = terminal?.rows ?? 0;
  }

  get lines(): string[] {
    return this.text.split("\n");
  }

  /** What was written since the last time. */
  take(): string {
    const { text } = this;
    this.text = "";
    return text;
  }

  asStream(): NodeJS.WriteStream {
    return this as Writable as NodeJS.WriteStream;
  }
}

/** Keys of a terminal, or the data of a pipe. */
export class FakeInput extends PassThrough {
  readonly isTTY: boolean;
  isRaw = false;
  /** Whether it keeps the process alive, as far as `ref` and `unref` were called. */
  isReferenced = false;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  setRawMode(mode: boolean): this {
    this.isRaw = mode;
    return this;
  }

  ref(): this {
    this.isReferenced = true;
    return this;
  }

  unref(): this {
    this.isReferenced = false;
    return this;
  }

  asStream(): NodeJS.ReadStream {
    return this as unknown as NodeJS.ReadStream;
  }
}

/** Types one line after the other at a terminal, each once a question is there that it answers. */
export function typeAnswers(input: FakeInput, output: FakeOutput, lines: string[], enter: string): void {
  const write = output.write.bind(output);
  vi.spyOn(output, "write").mockImplementation((text: string) => {
    const isQuestion = /[:\]] $/.test(text) && lines.length > 0;
    // What asks has begun to listen then.
    if (isQuestion) queueMicrotask(() => input.write(`${lines.shift()}${enter}`));
    return write(text);
  });
}
