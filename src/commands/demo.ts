import { tmpdir } from "node:os";
import { type DemoStage, playDemo, withDemoStage } from "../demo/demo.js";
import { jsonDemoDisplay, plainDemoDisplay } from "../demo/demo-display.js";
import { shellWord } from "../foundation/shell-word.js";
import type { OwnCommands } from "../ui/scene.js";
import { aborted } from "./aborted.js";
import type { CommandContext } from "./context.js";
import type { DemoOptions } from "./options/demo.js";
import { ownCommands } from "./own-commands.js";

/** `demo`: both devices against the embedded homeserver. Returns the exit code, if it ends by itself. */
export async function demo(options: DemoOptions, context: CommandContext): Promise<number | undefined> {
  const { clock, signal, stderr } = context;
  if (options.byHand) {
    await withDemoStage(clock, tmpdir(), false, async (stage) => {
      stderr.write(instructions(stage, ownCommands(programPath(), context)));
      await aborted(signal);
    });
    return undefined;
  }
  const display = options.json ? jsonDemoDisplay(context) : plainDemoDisplay(context);
  const program = { execPath: process.execPath, path: programPath() };
  const code = await withDemoStage(clock, tmpdir(), true, (stage) =>
    playDemo(stage, program, display, signal),
  );
  if (code === 0 && !options.json) stderr.write(forReal(ownCommands(programPath(), context)));
  return code;
}

/** The file that Node runs as this program. */
function programPath(): string {
  const [, path] = process.argv;
  if (path === undefined) throw new Error("Node was started without a file to run.");
  return path;
}

/** What somebody types next who has seen the demo, and has an account. */
function forReal({ program }: OwnCommands): string {
  return `
That was a demo: the account, both devices and their sessions are gone again. To do it for real, sign this
machine in with a device that can scan a code:

${program} generate

or with a picture of the code that another device shows, as Element does:

${program} scan --as new screenshot.png
`;
}

function instructions(
  { homeserver, existingSession, newSession, qrFile }: DemoStage,
  { program, session }: OwnCommands,
): string {
  const { account, baseUrl } = homeserver;
  return `A homeserver runs on ${baseUrl.href}, and a device of ${account.userId} is signed in.

1. In one terminal, the new device:

${program} generate --homeserver ${baseUrl.href} --session ${session(newSession)} --qr-file ${shellWord(qrFile)}

2. In another one, the existing device:

${program} scan ${shellWord(qrFile)} --session ${session(existingSession)}

3. Type the check code of the second terminal in the first, and approve on the page that opens
   (name: ${account.localpart}, password: ${account.password}).

Ctrl-C here ends the homeserver and removes both sessions.
`;
}
