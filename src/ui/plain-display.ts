import type { LoginEvent } from "../foundation/events.js";
import { CodesOnShow } from "./codes-on-show.js";
import { describe } from "./describe.js";
import type { Wait } from "./description.js";
import type { Display, Prompt } from "./display.js";
import type { DisplayContext } from "./display-context.js";
import {
  type Canvas,
  fileToo,
  lacksRoomFor,
  linkBlock,
  payloadLines,
  type QrOptions,
  qrBlock,
} from "./qr-block.js";
import { stepLines } from "./qr-steps.js";
import { drawsLink, nextScene, OPENING, type Scene } from "./scene.js";
import type { Terminal } from "./terminal.js";
import { terminalPrompt } from "./terminal-prompt.js";
import { startWaiting, timeLeft, type Waiting } from "./waiting.js";
import { proseWidth, USUAL_COLUMNS, wrapLine } from "./wrap.js";

const ROWS = 24;
/** How long nothing is said of what is waited for. */
const SILENCE_MS = 1000;

export interface PlainOptions {
  readonly qr: QrOptions;
  readonly scene?: Scene;
  readonly interrupt: () => void;
}

/** `--plain`, CI logs and dumb terminals: lines on stderr, written once and never touched again. */
export function createPlainDisplay(
  context: Pick<DisplayContext, "env" | "stderr" | "clock">,
  terminal: Terminal | undefined,
  { qr, scene: opening = OPENING, interrupt }: PlainOptions,
): Display {
  const { env, stderr, clock } = context;
  let scene = opening;
  let silence = new AbortController();
  const codes = new CodesOnShow();
  let waiting: Waiting | undefined;

  const write = (lines: readonly string[]) => {
    if (lines.length > 0) stderr.write(`${lines.join("\n")}\n`);
  };
  const width = () => proseWidth(stderr);

  const canvas = (): Canvas =>
    stderr.isTTY
      ? // NO_COLOR asks for no decoration. Black and white are none: they make the code readable in every theme.
        {
          columns: stderr.columns || USUAL_COLUMNS,
          rows: (stderr.rows || ROWS) - 1,
          colour: env["TERM"] !== "dumb",
        }
      : { columns: USUAL_COLUMNS, rows: Number.POSITIVE_INFINITY, colour: false };

  const qrLines = (event: Extract<LoginEvent, { event: "qr" }>): readonly string[] => {
    const { lines, drawing } = qrBlock(event, qr, canvas());
    if (!drawing) return lines;
    // Of a second code, and one that is renewed, it was said before.
    const steps = scene.shown.length > 0 ? [] : stepLines(event, width());
    const file = event.file === undefined ? [] : fileToo(event.file);
    // In a log the drawing may not be scannable. Its payload always is.
    return [...file, ...drawing.lines, ...steps, ...(stderr.isTTY ? [] : payloadLines(event))];
  };

  /** Says what is waited for once nothing was said for a while. */
  const expect = (text: string | undefined) => {
    silence.abort();
    if (text === undefined) return;
    silence = new AbortController();
    const { signal } = silence;
    clock.sleep(SILENCE_MS, signal).then(
      () => write([`${text}…`]),
      () => undefined,
    );
  };

  const awaitNow = (wait: Wait | null) => {
    codes.clear();
    waiting = wait ? startWaiting(wait, waiting, clock.now()) : undefined;
    expect(wait === null || wait.isTold ? undefined : wait.text);
  };

  /** After Ctrl-Z and `fg`, what the shell has printed since is between a person and the code. */
  const goOn = () => {
    const code = codes.current;
    const left = code && timeLeft(code.waiting, clock.now());
    if (code) write([`${code.waiting.text} (good for ${left}):`, ...qrLines(code.event)]);
    else if (waiting) write([`${waiting.text}…`]);
  };
  const forgetStops = terminal?.jobControl?.onContinue(goOn);

  const prompt = terminal && asking(terminalPrompt(terminal, interrupt), () => awaitNow(null));
  return {
    ...(prompt && { prompt }),
    emit(event) {
      const { lines, wait } = describe(event, scene);
      write(lines.flatMap((line) => wrapLine(line, width())));
      if (event.event === "qr") write(qrLines(event));
      scene = nextScene(scene, event);
      if (drawsLink(event, scene)) {
        const block = linkBlock(event, qr, canvas());
        write([...block.lines, ...block.drawing]);
      }
      if (event.event === "qr" && wait) {
        codes.put(event, startWaiting(wait, undefined, clock.now()));
        expect(undefined);
      } else if (wait !== undefined) awaitNow(wait);
    },
    awaiting: (text) => awaitNow({ text }),
    log: (line) => write([line]),
    lacksRoomFor: (payload) => lacksRoomFor(payload, qr, canvas()),
    async close() {
      silence.abort();
      forgetStops?.();
      prompt?.secretDone();
      terminal?.close();
      // A pipe may be written to asynchronously: the last line has to be out before the process ends.
      await new Promise<void>((resolve) => stderr.write("", () => resolve()));
    },
  };
}

/** While a question is open, nothing is written below it. */
function asking(prompt: Prompt, onQuestion: () => void): Prompt {
  const quietly =
    <Args extends readonly unknown[], T>(ask: (...args: Args) => T) =>
    (...args: Args): T => {
      onQuestion();
      return ask(...args);
    };
  return {
    checkCode: quietly(prompt.checkCode),
    confirm: quietly(prompt.confirm),
    text: quietly(prompt.text),
    secret: quietly(prompt.secret),
    secretDone: prompt.secretDone,
  };
}
