import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import type { CommandContext } from "../commands/context.js";
import { sessionsDirectory } from "../session/directory.js";
import { sessionName } from "../session/names.js";
import { SessionStore } from "../session/store.js";
import { type Candidate, candidatesFor, FILES } from "./candidates.js";
import { SHELL_SCRIPTS } from "./shell-scripts.js";
import type { Shell } from "./shells.js";

/** Prints the shell's script, or with words what may come next, as that script asks for. */
export async function completion(
  shell: Shell,
  words: readonly string[],
  program: CommandUnknownOpts,
  context: CommandContext,
): Promise<void> {
  const { stdout } = context;
  if (words.length === 0) {
    stdout.write(SHELL_SCRIPTS[shell]);
    return;
  }
  const candidates = await candidatesFor(words, program, () => sessionNames(context));
  stdout.write(candidates === FILES ? ":files\n" : candidates.map(line).join(""));
}

function line({ word, description }: Candidate): string {
  return description === undefined ? `${word}\n` : `${word}\t${description}\n`;
}

/** None where they can't be read: a shell that asks in the middle of a line has no use for a failure. */
async function sessionNames(context: CommandContext): Promise<readonly string[]> {
  try {
    const entries = await new SessionStore(sessionsDirectory(context)).list();
    return entries.map(({ path }) => sessionName(path));
  } catch {
    return [];
  }
}
