import { describe, drawsLink, nextScene, OPENING } from "./describe.js";
import type { Display } from "./display.js";
import type { DisplayContext } from "./display-context.js";
import { type Canvas, lacksRoomFor, linkBlock, payloadLines, type QrOptions, qrBlock } from "./qr-block.js";
import { type Terminal, terminalPrompt } from "./terminal.js";

/** How wide a log is taken to be, and how large a terminal that doesn't know its size. */
const COLUMNS = 80;
const ROWS = 24;

/** `--plain`, CI logs and dumb terminals: lines on stderr, written once and never touched again. */
export function createPlainDisplay(
  context: Pick<DisplayContext, "env" | "stderr">,
  terminal: Terminal | undefined,
  options: QrOptions,
  interrupt: () => void,
): Display {
  const { env, stderr } = context;
  const prompt = terminal && terminalPrompt(terminal, interrupt);
  let scene = OPENING;

  const canvas = (): Canvas =>
    stderr.isTTY
      ? // NO_COLOR asks for no decoration. Black and white are none: they make the code readable in every theme.
        {
          columns: stderr.columns || COLUMNS,
          rows: (stderr.rows || ROWS) - 1,
          colour: env["TERM"] !== "dumb",
        }
      : { columns: COLUMNS, rows: Number.POSITIVE_INFINITY, colour: false };

  return {
    ...(prompt && { prompt }),
    emit(event) {
      const lines = describe(event, scene).lines.map((line) => line.text);
      scene = nextScene(scene, event);
      if (drawsLink(event, scene)) {
        const block = linkBlock(event, options, canvas());
        lines.push(...block.lines, ...block.drawing);
      }
      if (event.event === "qr") {
        const block = qrBlock(event, options, canvas());
        lines.push(...block.lines, ...(block.drawing?.lines ?? []));
        // In a log the drawing may not be scannable. Its payload always is.
        if (block.drawing && !stderr.isTTY) lines.push(...payloadLines(event));
      }
      stderr.write(`${lines.join("\n")}\n`);
    },
    lacksRoomFor: (payload) => lacksRoomFor(payload, options, canvas()),
    async close() {
      prompt?.secretDone();
      terminal?.close();
      // A pipe may be written to asynchronously: the last line has to be out before the process ends.
      await new Promise<void>((resolve) => stderr.write("", () => resolve()));
    },
  };
}
