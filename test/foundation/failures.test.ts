import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const SRC = fileURLToPath(new URL("../../src", import.meta.url));

/** What a library has of this program: whoever reads its texts may never have seen the command line. */
const LIBRARY = [
  ...["foundation", "files", "protocol", "network", "rendezvous", "homeserver"],
  ...["qr", "doctor", "session", "sign-in"],
];

const COMMENTS = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;
/** An option, or a command in backquotes. */
const OF_THE_COMMAND_LINE =
  /--[a-z][a-z-]*|`(?:generate|scan|inspect|doctor|session|demo|homeserver) [a-z-]+/g;
/** Node.js's own, which nobody is told. */
const NOT_TOLD = "--max-old-space-size";

function sourcesOf(folder: string): string[] {
  return readdirSync(join(SRC, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(SRC, folder, name), "utf8"));
}

describe("the texts of the library", () => {
  it.each(LIBRARY)("in src/%s name no option and no command of the command line", (folder) => {
    const code = sourcesOf(folder).map((source) => source.replace(COMMENTS, ""));
    expect(code).not.toEqual([]);
    const named = code.flatMap((text) => text.match(OF_THE_COMMAND_LINE) ?? []);
    expect(named.filter((name) => name !== NOT_TOLD)).toEqual([]);
  });
});
