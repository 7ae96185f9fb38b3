import { tmpdir } from "node:os";
import { type DemoStage, playDemo, withDemoStage } from "../demo/demo.js";
import { jsonDemoDisplay, plainDemoDisplay } from "../demo/demo-display.js";
import { shellWord } from "../foundation/shell-word.js";
import { type Line, say } from "../ui/line.js";
import type { OwnCommands } from "../ui/scene.js";
import { proseWidth, wrapLine, wrapProse } from "../ui/wrap.js";
import { aborted } from "./aborted.js";
import type { CommandContext } from "./context.js";
import type { DemoOptions } from "./options/demo.js";
import { ownCommands } from "./own-commands.js";

/** `demo`: both devices against the embedded homeserver. Returns the exit code, if it ends by itself. */
export async function demo(options: DemoOptions, context: CommandContext): Promise<number | undefined> {
  const { clock, signal, stderr } = context;
  if (options.byHand) {
    await withDemoStage(clock, tmpdir(), false, async (stage) => {
      write(instructions(stage, ownCommands(programPath(), context)), stderr);
      await aborted(signal);
    });
    return undefined;
  }
  const display = options.json ? jsonDemoDisplay(context) : plainDemoDisplay(context);
  const program = { execPath: process.execPath, path: programPath() };
  const code = await withDemoStage(clock, tmpdir(), true, (stage) =>
    playDemo(stage, program, display, signal),
  );
  if (code === 0 && !options.json) write(forReal(ownCommands(programPath(), context)), stderr);
  return code;
}

/** The file that Node runs as this program. */
function programPath(): string {
  const [, path] = process.argv;
  if (path === undefined) throw new Error("Node was started without a file to run.");
  return path;
}

/** What somebody types next who has seen the demo, and has an account. */
function forReal({ program }: OwnCommands): Line[] {
  return [
    say(""),
    say(
      "That was a demo: the account, both devices and their sessions are gone again. To do it for real, sign this machine in with a device that can scan a code:",
    ),
    ...command(`${program} generate`),
    say("or with a picture of the code that another device shows, as Element does:"),
    ...command(`${program} scan --as new screenshot.png`).slice(0, -1),
  ];
}

function instructions(
  { homeserver, existingSession, newSession, qrFile }: DemoStage,
  { program, session }: OwnCommands,
): Line[] {
  const { account, baseUrl } = homeserver;
  const file = shellWord(qrFile);
  return [
    say(`A homeserver runs on ${baseUrl.href}, and a device of ${account.userId} is signed in.`),
    say(""),
    say("1. In one terminal, the new device:"),
    ...command(
      `${program} generate --homeserver ${baseUrl.href} --session ${session(newSession)} --qr-file ${file}`,
    ),
    say("2. In another one, the existing device:"),
    ...command(`${program} scan ${file} --session ${session(existingSession)}`),
    say(
      `3. Type the check code of the second terminal in the first, and approve on the page that opens (name: ${account.localpart}, password: ${account.password}).`,
    ),
    say(""),
    say("Ctrl-C here ends the homeserver and removes both sessions."),
  ];
}

/** Set apart, as it is copied. */
function command(text: string): Line[] {
  return [say(""), { text, tone: "command" }, say("")];
}

/** Prose is cut between words; what is numbered hangs behind its number. */
function write(lines: readonly Line[], stderr: CommandContext["stderr"]): void {
  const width = proseWidth(stderr);
  const wrapped = lines.flatMap((line) =>
    /^\d\. /.test(line.text) ? wrapProse(line.text, width, "   ") : wrapLine(line, width),
  );
  stderr.write(`${wrapped.join("\n")}\n`);
}
