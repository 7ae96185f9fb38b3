import { isAbsolute, join } from "node:path";
import { Failure } from "../foundation/failures.js";
import type { Machine } from "../foundation/machine.js";

const APPLICATION = "matrix-qr-login";

/**
 * The directory of the sessions that have a name: in the XDG state directory, or where macOS and Windows have an
 * application's own files.
 *
 * @throws {Failure} `home_missing` where the user has no home directory and the environment names none
 */
export function sessionsDirectory(machine: Machine): string {
  const { env, platform } = machine;
  const stateHome = env["XDG_STATE_HOME"];
  // The XDG base directory specification wants relative paths ignored.
  if (stateHome && isAbsolute(stateHome)) return join(stateHome, APPLICATION, "sessions");
  if (platform === "win32") {
    const local = env["LOCALAPPDATA"] || join(homeOf(machine), "AppData", "Local");
    return join(local, APPLICATION, "Data", "sessions");
  }
  const home = homeOf(machine);
  return platform === "darwin"
    ? join(home, "Library", "Application Support", APPLICATION, "sessions")
    : join(home, ".local", "state", APPLICATION, "sessions");
}

/** A user whom the system doesn't know, as in a container that was given some number for one, has no home. */
function homeOf({ env, platform, homeDirectory }: Machine): string {
  const named = platform === "win32" ? undefined : env["HOME"];
  if (named && isAbsolute(named)) return named;
  let home: string;
  try {
    home = homeDirectory();
  } catch (cause) {
    throw new Failure("home_missing", undefined, { cause });
  }
  // What is relative means another folder wherever the program is started.
  if (!isAbsolute(home)) throw new Failure("home_missing");
  return home;
}
