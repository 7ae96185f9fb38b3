import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { describe, expect, it } from "vitest";
import { commandTree } from "../../src/cli.js";
import { Failure } from "../../src/foundation/failures.js";
import { SHORT_HELP } from "../../src/help/short-help.js";
import { TOPICS } from "../../src/help/topics.js";
import { pathOf } from "../../src/help/visible.js";

const [ROWS, COLUMNS] = [24, 80];

function everyCommand(command: CommandUnknownOpts): CommandUnknownOpts[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

const COMMANDS = everyCommand(commandTree()).map((command) => ({ path: pathOf(command), command }));

/** What a command line prints, and nothing else happens. */
async function printed(args: readonly string[], hasColours = false): Promise<string> {
  const program = commandTree();
  let output = "";
  for (const command of everyCommand(program)) {
    command.exitOverride();
    command.configureOutput({
      writeOut: (text) => {
        output += text;
      },
      writeErr: (text) => {
        output += text;
      },
      getOutHasColors: () => hasColours,
      getOutHelpWidth: () => COLUMNS,
    });
  }
  await program.parseAsync([...args], { from: "user" }).catch((thrown: Error) => {
    output ||= [thrown.message, thrown instanceof Failure ? thrown.hint : ""].join(" ");
  });
  return output;
}

describe.each(COMMANDS)("--help of '$path'", ({ path, command }) => {
  const help = () => printed([...path.split(" ").filter(Boolean), "--help"]);

  it("fits a terminal of 24 lines, with two examples", async () => {
    const lines = (await help()).trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(ROWS);
    expect(lines.filter((line) => line.length > COLUMNS)).toEqual([]);
    const examples = lines
      .slice(lines.indexOf("Examples:") + 1)
      .filter((line) => line.startsWith("  matrix-"));
    expect(examples).toHaveLength(2);
  });

  it("is the same where its command alone is made", () => {
    const alone = everyCommand(commandTree(undefined, undefined, path.split(" ")[0]));
    const same = alone.find((other) => pathOf(other) === path);
    expect(same?.helpInformation()).toBe(command.helpInformation());
  });

  it("has examples that can be typed", async () => {
    for (const [args] of SHORT_HELP[path]?.examples ?? []) {
      const words = args.replace(/ [<>] .*/, "").split(" ");
      const given = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
      const known = command.options.map(({ long }) => long);
      const named = COMMANDS.find((other) => other.path !== "" && `${args} `.startsWith(`${other.path} `));
      expect(named, args).toBeDefined();
      if (path === "" || command.commands.length > 0) continue;
      expect(given.filter((word) => word.startsWith("--") && !known.includes(word))).toEqual([]);
    }
  });
});

it.each(["--help", "-h"])("%s of the program is the same where no more is made than that takes", (flag) => {
  expect(commandTree(undefined, undefined, flag).helpInformation()).toBe(commandTree().helpInformation());
});

describe.each(COMMANDS.filter(({ command }) => command.commands.length === 0))(
  "--help-all of '$path'",
  ({ path, command }) => {
    it("lists every option, with what it is by default", async () => {
      const text = (await printed([...path.split(" "), "--help-all"])).replace(/\s+/g, " ");
      for (const { long, defaultValue, defaultValueDescription, hidden } of command.options) {
        if (hidden) continue;
        expect(text).toContain(long);
        const byDefault = defaultValueDescription ?? defaultValue;
        if (typeof defaultValue === "number") expect(text).toContain(`${byDefault} by default`);
      }
    });
  },
);

describe("--help-all leaves out what changes nothing:", () => {
  const ofNetwork = ["--allow-http", "--verbose", "--trace"];
  it.each([
    ["inspect", ["--session", "--plain"]],
    ["doctor example.org", ["--session", "--plain"]],
    ["session list", ["--session", "--timeout", "--plain", ...ofNetwork]],
    ["session export", ["--timeout", "--plain", ...ofNetwork]],
    ["session run", ["--plain"]],
    ["demo", ["--session", "--plain", ...ofNetwork]],
    ["completion", ["--session", "--timeout", "--json", "--plain", ...ofNetwork]],
  ])("%s", async (command, options) => {
    const text = await printed([...command.split(" "), "--help-all"]);
    for (const option of options) expect(text).not.toContain(option);
  });
});

describe("help", () => {
  it.each(Object.keys(TOPICS))("explains %s in 24 lines", async (topic) => {
    const text = await printed(["help", topic]);
    const lines = text.trimEnd().split("\n");
    expect(lines.length).toBeLessThanOrEqual(ROWS);
    expect(lines.filter((line) => line.length > COLUMNS)).toEqual([]);
    expect(text).toBe(TOPICS[topic]?.());
  });

  it("takes a topic of two words as people type it", async () => {
    expect(await printed(["help", "exit", "codes"])).toBe(TOPICS["exit-codes"]?.());
  });

  it("shows a command's --help", async () => {
    expect(await printed(["help", "session", "run"])).toBe(await printed(["session", "run", "--help"]));
  });

  it("names what was probably meant", async () => {
    expect(await printed(["help", "bot"])).toContain('no command or topic "bot". Did you mean `help bots`?');
    expect(await printed(["help", "session", "tokn"])).toContain("Did you mean `help session token`?");
  });

  it("has colours for a terminal that has them, and none for others", async () => {
    const coloured = await printed(["generate", "--help"], true);
    const plain = await printed(["generate", "--help"]);
    expect(coloured).toContain("\u001b[36m--homeserver");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours are what is taken away.
    expect(coloured.replace(/\u001b\[\d+m/g, "")).toBe(plain);
  });
});
