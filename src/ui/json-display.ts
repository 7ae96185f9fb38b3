import { safeJson } from "../foundation/escape-text.js";
import type { Display } from "./display.js";
import type { DisplayContext } from "./display-context.js";
import type { Terminal } from "./terminal.js";

/** `--json`: one event a line on stdout, and nothing else there. Questions go to the terminal, if there is one. */
export async function createJsonDisplay(
  context: Pick<DisplayContext, "stdout" | "stderr">,
  terminal: Terminal | undefined,
  interrupt: () => void,
): Promise<Display> {
  const { stdout, stderr } = context;
  // Loaded where there is anybody to ask: scripts have nobody.
  const prompt = terminal && (await import("./terminal-prompt.js")).terminalPrompt(terminal, interrupt);
  return {
    ...(prompt && { prompt }),
    emit({ event, ...fields }) {
      stdout.write(`${safeJson({ event, ...fields })}\n`);
    },
    awaiting: () => undefined,
    log: (line) => void stderr.write(`${line}\n`),
    lacksRoomFor: () => false,
    async close() {
      prompt?.secretDone();
      terminal?.close();
      // A pipe may be written to asynchronously: the last line has to be out before the process ends.
      await new Promise<void>((resolve) => stdout.write("", () => resolve()));
    },
  };
}
