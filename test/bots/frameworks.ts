import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stackFolder } from "../support/stack-parts.js";

/** A bot of this folder, and how it is started. */
export interface Framework {
  /** Its folder here, and what its messages begin with. */
  readonly name: string;
  readonly command: () => readonly string[];
}

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** What .ci/bots has installed. */
const installed = (path: string) => join(stackFolder(), "bots", path);
/** What .ci/run and .ci/bots have installed, for what needs a newer Node.js than this program. */
const node24 = () => join(dirname(stackFolder()), "node24/node_modules/node/bin/node");

function inPython(name: string): Framework {
  return { name, command: () => [installed(`${name}/bin/python`), source(`${name}/bot.py`)] };
}

export const FRAMEWORKS: readonly Framework[] = [
  inPython("matrix-nio"),
  inPython("simplematrixbotlib"),
  inPython("mautrix-python"),
  { name: "maubot", command: () => [source("maubot/start"), installed("maubot/bin/python")] },
  { name: "matrix-js-sdk", command: () => [node24(), installed("matrix-js-sdk/bot.mjs")] },
  { name: "mautrix-go", command: () => [installed("mautrix-go")] },
];
