import { openOnDesktop, whyNoDesktop } from "../sign-in/desktop.js";
import type { PictureDesk } from "./code-picture.js";
import type { Display } from "./display.js";
import type { DisplayContext } from "./display-context.js";
import type { QrOptions } from "./qr-block.js";
import { OPENING, type OwnCommands } from "./scene.js";
import { findTerminal } from "./terminal.js";

export interface DisplayOptions {
  /** `--json`, `--plain`, or whatever suits stderr. */
  readonly mode: "json" | "plain" | "auto";
  readonly context: DisplayContext;
  /** How `generate` draws its QR codes. */
  readonly qr?: QrOptions;
  /** A picture or check codes are read from stdin, so questions have to be answered elsewhere. */
  readonly stdinInUse?: boolean;
  /** Names what the protocol calls things, too. */
  readonly verbose?: boolean;
  /** Whether the terminal's bell calls for what a person has to do. */
  readonly bell?: boolean;
  /** How this program is started again. */
  readonly commands?: OwnCommands;
  /** Where pictures of codes are opened, if somebody wants one. */
  readonly desk?: Omit<PictureDesk, "open" | "lacks">;
  /** What Ctrl-C does where the display has to see to it itself. */
  readonly interrupt: () => void;
}

/** The display that fits the options and the terminal. Only the one that is chosen is loaded. */
export async function createDisplay(options: DisplayOptions): Promise<Display> {
  const { mode, context, stdinInUse = false, bell = true, verbose = false, desk, interrupt } = options;
  const qr = options.qr ?? { size: "auto", ecLevel: "auto" };
  const scene = { ...OPENING, verbose, ...(options.commands && { commands: options.commands }) };
  const terminal = findTerminal(context, stdinInUse);
  if (mode === "json") {
    return (await import("./json-display.js")).createJsonDisplay(context, terminal, interrupt);
  }
  // Lines that are typed to stdin on a terminal would be taken apart by a display that reads single keys.
  const isInteractive = mode === "auto" && canMoveCursor(context) && !(stdinInUse && context.stdin.isTTY);
  if (!isInteractive) {
    const { createPlainDisplay } = await import("./plain-display.js");
    return createPlainDisplay(context, terminal, { qr, scene, interrupt });
  }
  const [{ InteractiveDisplay }, { CodePicture }] = await Promise.all([
    import("./interactive-display.js"),
    import("./code-picture.js"),
  ]);
  const picture = desk && new CodePicture({ ...desk, open: openOnDesktop, lacks: whyNoDesktop(context) });
  return new InteractiveDisplay({ context, terminal, qr, scene, bell, picture, interrupt });
}

function canMoveCursor({ env, stderr }: Pick<DisplayContext, "env" | "stderr">): boolean {
  // A terminal may not know its size, and tell 0 for it.
  const isTerminal = stderr.isTTY && stderr.columns > 0 && stderr.rows > 0;
  return isTerminal && env["TERM"] !== "dumb" && !isCi(env["CI"]);
}

function isCi(value: string | undefined): boolean {
  return value !== undefined && value !== "" && value !== "0" && value !== "false";
}
