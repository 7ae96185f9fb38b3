import type { CommandUnknownOpts, HelpConfiguration, Option } from "@commander-js/extra-typings";
import { Option as NewOption } from "../commands/options/commander.js";
import { bold, cyan } from "../foundation/colours.js";
import { SHORT_HELP, type ShortHelp } from "./short-help.js";
import { TOPIC_NAMES } from "./topics.js";
import { all, argumentOf, inShort, pathOf, termOf, withDefault } from "./visible.js";

/** How `--help` and `--help-all` of every command look. */

/** The commands that show all they have. */
const isComplete = new WeakSet<CommandUnknownOpts>();

/** Gives all commands of a finished tree their help. */
export function addHelp(program: CommandUnknownOpts): void {
  const short = SHORT_HELP[pathOf(program)] ?? { options: [], examples: [] };
  program.helpCommand(false);
  program.helpOption("-h, --help", "show this");
  program.configureHelp(helpOf(short));
  program.addHelpText("after", ({ command }) => footer(command, short));
  if (program.commands.length === 0) addHelpAll(program);
  for (const sub of program.commands) addHelp(sub);
}

function addHelpAll(command: CommandUnknownOpts): void {
  command.addOption(new NewOption("--help-all", "every option").hideHelp());
  command.on("option:help-all", () => {
    isComplete.add(command);
    command.configureHelp(EVERYTHING);
    command.help();
  });
}

/** Commander leaves the colours out where nobody would see them. */
const STYLE: HelpConfiguration = {
  styleTitle: bold,
  styleOptionTerm: cyan,
  styleSubcommandTerm: cyan,
  styleArgumentTerm: cyan,
  optionTerm: termOf,
  subcommandTerm: (sub) => [sub.name(), ...sub.registeredArguments.slice(0, 1).map(argumentOf)].join(" "),
};

const EVERYTHING: HelpConfiguration = {
  ...STYLE,
  visibleOptions: (command) => [...all(command)],
  optionDescription: withDefault,
};

function helpOf({ options }: ShortHelp): HelpConfiguration {
  return {
    ...STYLE,
    visibleOptions: (command) => options.map((long) => optionOf(command, long)),
    optionDescription: inShort,
    // They are few, and the first one is the most important: no groups.
    groupItems: (_every, visible) => {
      const title = visible.some((item) => "flags" in item) ? "Options:" : "Commands:";
      return new Map([[title, visible]]);
    },
  };
}

function optionOf(command: CommandUnknownOpts, long: string): Option {
  const found = command.options.find((option) => option.long === long);
  if (!found) throw new Error(`The help of "${pathOf(command)}" names ${long}, which it hasn't.`);
  return found;
}

function footer(command: CommandUnknownOpts, { options, examples }: ShortHelp): string {
  const hasColours = command.configureOutput().getOutHasColors?.() ?? false;
  const calls = examples.map(([args]) => `  matrix-qr-login ${args}`);
  const width = Math.max(0, ...calls.map((call) => call.length));
  const more = [
    ...(all(command).length > options.length && !isComplete.has(command) ? ["Every option: --help-all"] : []),
    ...(command.parent ? [] : [`Topics: matrix-qr-login help ${TOPIC_NAMES.join("|")}`]),
  ];
  return [
    "",
    hasColours ? bold("Examples:") : "Examples:",
    ...examples.map(([, does], index) => `${calls[index]?.padEnd(width)}  ${does}`.trimEnd()),
    ...(more.length === 0 ? [] : ["", ...more]),
  ].join("\n");
}
