import { safeJson } from "../foundation/escape-text.js";
import type { Intent, LoginEvent } from "../foundation/events.js";
import { describe } from "../ui/describe.js";
import type { DisplayContext } from "../ui/display-context.js";
import type { Line } from "../ui/line.js";
import { qrBlock } from "../ui/qr-block.js";
import { nextScene, OPENING, type Scene } from "../ui/scene.js";
import { proseWidth, wrapLine, wrapProse } from "../ui/wrap.js";

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
/** As wide as a label and the line beside it. */
const MARGIN = " ".repeat(LABELS.new.length + " │ ".length);
const LOG_COLUMNS = 80;

export function plainDemoDisplay({ stderr, env }: Pick<DisplayContext, "stderr" | "env">): DemoDisplay {
  const isTerminal = stderr.isTTY && env["TERM"] !== "dumb";
  const coloured = isTerminal && !env["NO_COLOR"];
  const paint = (code: number, text: string) => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text);
  // Its sessions are gone with it: there is nothing to go on with.
  const opening: Scene = { ...OPENING, commands: undefined };
  const scenes: Record<Intent, Scene> = { new: opening, existing: opening };

  const print = (device: Intent, line: Line) => {
    const isBold = line.tone === "code" || line.tone === "digits" || line.tone === "link";
    for (const [index, piece] of wrapLine(line, proseWidth(stderr) - MARGIN.length).entries()) {
      // Who it is from is said once.
      const label = index === 0 ? LABELS[device] : LABELS[device].replaceAll(/./g, " ");
      stderr.write(`${paint(COLOURS[device], `${label} │`)} ${isBold ? paint(1, piece) : piece}\n`);
    }
  };

  return {
    narrate(text) {
      const told = wrapProse(text, proseWidth(stderr), MARGIN).map((line) => paint(2, line));
      stderr.write(`\n${paint(2, MARGIN.replace(/..$/, "→ "))}${told.join("\n")}\n\n`);
    },
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
