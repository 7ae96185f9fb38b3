import { Writable } from "node:stream";
import { type Key, render, Text, useInput } from "ink";

/** What the live line shows, and whether keys are read. */
export interface View {
  readonly wait?: { readonly time?: string; readonly text: string };
  /** Takes the place of what is waited for. Without `typed`, nothing is shown of what is typed. */
  readonly question?: { readonly time?: string; readonly text: string; readonly typed?: string };
  readonly readsKeys: boolean;
  readonly coloured: boolean;
  /** Counts up while time passes. */
  readonly tick: number;
}

/** Gets what the keys send: text, and control characters one by one or amidst it, as in a paste. */
export type OnKeys = (characters: string) => void;

export interface MountedView {
  update(view: View): void;
  unmount(): void;
}

interface Mount {
  readonly input: NodeJS.ReadStream;
  /** The greatest width of a frame. */
  readonly columns: () => number;
  readonly paint: (frame: string) => void;
  readonly onKeys: OnKeys;
  readonly view: View;
}

const SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

function LiveLine({ view, onKeys }: { readonly view: View; readonly onKeys: OnKeys }) {
  useInput((input, key) => onKeys(characters(input, key)), { isActive: view.readsKeys });
  const { question, wait, coloured } = view;
  const accent = coloured ? { color: "cyan" } : {};
  if (question) {
    return (
      <Text>
        <Text {...accent}>?</Text> {time(question, coloured)}
        {question.text} <Text bold={coloured}>{question.typed?.padEnd(2, "_")}</Text>
      </Text>
    );
  }
  if (!wait) return null;
  return (
    <Text wrap="truncate">
      <Text {...accent}>{SPINNER[view.tick % SPINNER.length]}</Text> {time(wait, coloured)}
      {wait.text}
    </Text>
  );
}

/** What runs out, first and in bold: the end of a line is cut in a narrow window, and dim text unreadable in some themes. */
function time({ time: left }: { readonly time?: string }, bold: boolean) {
  return left === undefined ? null : (
    <>
      <Text bold={bold}>{left}</Text>{" "}
    </>
  );
}

/** Undoes ink's reading of single keys, so that a key and the same character in a paste do the same. */
function characters(input: string, key: Key): string {
  if (key.return) return "\r";
  // Ink takes the first character off the marks of a paste.
  if (/^\[20[01]~$/.test(input)) return `\u001b${input}`;
  if (key.backspace || key.delete) return "\u007f";
  if (key.ctrl && /^[a-z]$/.test(input)) return String.fromCharCode(input.charCodeAt(0) & 0x1f);
  return key.ctrl || key.meta ? "" : input;
}

/**
 * Lays the live line out with ink, and hands each frame to `paint`. Ink's own painting ends each frame with a
 * line break, which costs the row that a QR code needs at 80x24, and clears the screen of a terminal that is
 * lower than the frame; in its debug mode it gives the bare frames instead.
 */
export function mountView({ input, columns, paint, onKeys, view: first }: Mount): MountedView {
  // Ink uses no more of a terminal than this: it writes, and asks for the width.
  const frames = new FrameStream(columns, paint) as Writable as NodeJS.WriteStream;
  const ink = render(<LiveLine view={first} onKeys={onKeys} />, {
    stdin: input,
    stdout: frames,
    stderr: frames,
    debug: true,
    exitOnCtrlC: false,
    patchConsole: false,
  });
  return {
    update: (view) => ink.rerender(<LiveLine view={view} onKeys={onKeys} />),
    unmount: () => ink.unmount(),
  };
}

class FrameStream extends Writable {
  readonly #columns: () => number;

  constructor(columns: () => number, paint: (frame: string) => void) {
    super({
      decodeStrings: false,
      write(frame: string, _encoding, done) {
        paint(frame);
        done();
      },
    });
    this.#columns = columns;
  }

  get columns(): number {
    return this.#columns();
  }
}
