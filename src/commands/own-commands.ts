import { basename, delimiter, dirname, resolve } from "node:path";
import type { Machine } from "../foundation/machine.js";
import { shellWord } from "../foundation/shell-word.js";
import { sessionsDirectory } from "../session/directory.js";
import { isSessionName, sessionName } from "../session/names.js";
import { whole } from "../ui/line.js";
import type { OwnCommands } from "../ui/scene.js";

const NAME = "matrix-qr-login";

/**
 * Commands of this program that can be pasted into a shell, in whatever folder.
 *
 * @param file the absolute path of what Node runs as this program, as it was started; undefined where it was given none
 */
export function ownCommands(file: string | undefined, machine: Machine): OwnCommands {
  return {
    program: programWords(file, machine),
    session(path) {
      const absolute = resolved(path);
      return shellWord(whole(nameOf(absolute, machine) ?? absolute));
    },
  };
}

/** How this program is started again from a shell. */
export function ownProgram(machine: Pick<Machine, "env">): string {
  return programWords(process.argv[1], machine);
}

function programWords(file: string | undefined, { env }: Pick<Machine, "env">): string {
  // What npx runs is in a cache of its own, and on no PATH but that of this run.
  if (env["npm_command"] === "exec") return `npx ${NAME}`;
  if (file === undefined) return NAME;
  if (basename(file) !== NAME) return `node ${shellWord(whole(file))}`;
  const isOnPath = env["PATH"]?.split(delimiter).includes(dirname(file));
  return isOnPath ? NAME : shellWord(whole(file));
}

function resolved(path: string): string {
  try {
    return resolve(path);
  } catch {
    // The folder that it is relative to was deleted.
    return path;
  }
}

/** The name by which a session among the others is found, wherever one stands. */
function nameOf(path: string, machine: Machine): string | undefined {
  const name = sessionName(path);
  try {
    const isAmongOthers = dirname(path) === sessionsDirectory(machine) && path.endsWith(`${name}.json`);
    return isAmongOthers && isSessionName(name) ? name : undefined;
  } catch {
    return undefined;
  }
}
