import { safeJson } from "../foundation/escape-text.js";
import type { Intent, LoginEvent } from "../foundation/events.js";
import { describe } from "../ui/describe.js";
import type { DisplayContext } from "../ui/display-context.js";
import type { Line } from "../ui/line.js";
import { qrBlock } from "../ui/qr-block.js";
import { nextScene, OPENING, type Scene } from "../ui/scene.js";

/** Shows what the two devices of the demo tell, each under its name. */
export interface DemoDisplay {
  /** What the demo itself does, in the place of a person. */
  narrate(text: string): void;
  show(device: Intent, event: LoginEvent): void;
}

/** The events of both, one a line, each with the device that it is from. */
export function jsonDemoDisplay({ stdout }: Pick<DisplayContext, "stdout">): DemoDisplay {
  return {
    narrate: () => undefined,
    show(device, { event, ...fields }) {
      stdout.write(`${safeJson({ event, device, ...fields })}\n`);
    },
  };
}

const LABELS: Readonly<Record<Intent, string>> = { new: "new device     ", existing: "existing device" };
const COLOURS: Readonly<Record<Intent, number>> = { new: 36, existing: 35 };
const LOG_COLUMNS = 80;

export function plainDemoDisplay({ stderr, env }: Pick<DisplayContext, "stderr" | "env">): DemoDisplay {
  const isTerminal = stderr.isTTY && env["TERM"] !== "dumb";
  const coloured = isTerminal && !env["NO_COLOR"];
  const paint = (code: number, text: string) => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text);
  // Its sessions are gone with it: there is nothing to go on with.
  const opening: Scene = { ...OPENING, commands: undefined };
  const scenes: Record<Intent, Scene> = { new: opening, existing: opening };

  const print = (device: Intent, { text, tone }: Line) => {
    const emphasis = tone === "code" || tone === "digits" || tone === "link" ? paint(1, text) : text;
    stderr.write(`${paint(COLOURS[device], `${LABELS[device]} │`)} ${emphasis}\n`);
  };

  return {
    narrate: (text) => void stderr.write(`\n${paint(2, `                → ${text}`)}\n\n`),
    show(device, event) {
      for (const line of describe(event, scenes[device]).lines) print(device, line);
      scenes[device] = nextScene(scenes[device], event);
      if (event.event !== "qr") return;
      const canvas = isTerminal
        ? { columns: stderr.columns, rows: Number.POSITIVE_INFINITY, colour: true }
        : { columns: LOG_COLUMNS, rows: Number.POSITIVE_INFINITY, colour: false };
      const { lines, drawing } = qrBlock(event, { size: "auto", ecLevel: "L" }, canvas);
      stderr.write(`\n${[...lines, ...(drawing?.lines ?? [])].join("\n")}\n\n`);
    },
  };
}
