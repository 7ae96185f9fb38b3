import { tmpdir } from "node:os";
import { relative } from "node:path";
import { type DemoStage, playDemo, withDemoStage } from "../demo/demo.js";
import { jsonDemoDisplay, plainDemoDisplay } from "../demo/demo-display.js";
import { aborted } from "./aborted.js";
import type { CommandContext } from "./context.js";
import type { DemoOptions } from "./options/demo.js";

/** `demo`: both devices against the embedded homeserver. Returns the exit code, if it ends by itself. */
export async function demo(options: DemoOptions, context: CommandContext): Promise<number | undefined> {
  const { clock, signal, stderr } = context;
  if (options.byHand) {
    await withDemoStage(clock, tmpdir(), false, async (stage) => {
      stderr.write(instructions(stage));
      await aborted(signal);
    });
    return undefined;
  }
  const display = options.json ? jsonDemoDisplay(context) : plainDemoDisplay(context);
  const program = { execPath: process.execPath, path: programPath() };
  return withDemoStage(clock, tmpdir(), true, (stage) => playDemo(stage, program, display, signal));
}

/** The file that Node runs as this program. */
function programPath(): string {
  const [, path] = process.argv;
  if (path === undefined) throw new Error("Node was started without a file to run.");
  return path;
}

function instructions({ homeserver, existingSession, newSession, qrFile }: DemoStage): string {
  const program = `node ${relative(process.cwd(), programPath())}`;
  const { account, baseUrl } = homeserver;
  return `A homeserver runs on ${baseUrl.href}, and a device of ${account.userId} is signed in.

1. In one terminal, the new device:

${program} generate --homeserver ${baseUrl.href} --session ${newSession} --qr-file ${qrFile}

2. In another one, the existing device:

${program} scan ${qrFile} --session ${existingSession}

3. Type the check code of the second terminal in the first, and consent on the page that opens
   (name: ${account.localpart}, password: ${account.password}).

Ctrl-C here ends the homeserver and removes both sessions.
`;
}
