import type { Argument, CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import type { CommanderError } from "commander";
import { HINTS } from "../commands/hints.js";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { nearMiss } from "../session/near-miss.js";
import { walk } from "./candidates.js";
import { SHORT_HELP } from "./short-help.js";
import { argumentOf, leavesOf, pathOf } from "./visible.js";

/** A command line that can't be meant, in words that somebody new to it understands. */

/** In UTF-16 units, of what was typed. */
const SHOWN = 80;

interface Told {
  readonly sentence: string;
  readonly hint?: string | undefined;
}

/** What commander's message names. */
type Groups = Readonly<Record<string, string | undefined>>;

interface Asked {
  /** What was typed after the program's name. */
  readonly words: readonly string[];
  readonly program: CommandUnknownOpts;
  /** Where the words lead, and what is given to that command. */
  readonly command: CommandUnknownOpts;
  readonly given: readonly string[];
}

/** Each kind of message that commander has, and what is said instead. */
const KINDS: readonly (readonly [pattern: RegExp, tell: (groups: Groups, asked: Asked) => Told])[] = [
  [/^error: unknown command '(?<word>.*?)'(?:\n|$)/s, unknownCommand],
  [/^error: unknown option '(?<flag>.*?)'(?:\n|$)/s, unknownOption],
  [/^error: missing required argument '(?<name>.*)'$/s, missingArgument],
  [/^error: too many arguments/, tooManyArguments],
  [/^error: option '(?<flags>[^']*)' argument missing$/, missingValue],
  [/^error: option '(?<flags>[^']*)' argument '(?<value>.*)' is invalid\. (?<why>.*)$/s, badValue],
  [
    /^error: command-argument value '(?<value>.*)' is invalid for argument '(?<name>.*)'\. (?<why>.*)$/s,
    badArgument,
  ],
];

/**
 * What to tell whoever typed it, instead of what commander says.
 *
 * @param words what was typed after the program's name
 */
export function usageFailure(
  { message, code }: CommanderError,
  words: readonly string[],
  program: CommandUnknownOpts,
): Failure {
  // Whoever gives no command is shown what there is.
  if (code === "commander.help") return new Failure("usage_error", "No command was given.");
  const { command, given } = walk(words, program);
  const asked = { words, program, command, given };
  for (const [pattern, tell] of KINDS) {
    const found = pattern.exec(message);
    if (!found) continue;
    const { sentence, hint } = withHintOfDashes(tell(found.groups ?? {}, asked), asked);
    return new Failure("usage_error", sentence, hint === undefined ? {} : { hint });
  }
  return new Failure("usage_error", escapeText(message.replace(/^error: /, ""), 1_000));
}

function unknownCommand({ word = "" }: Groups, { words, program }: Asked): Told {
  const { command } = walk(words.slice(0, words.indexOf(word)), program);
  const names = command.commands.map((sub) => sub.name());
  const near = nearMiss(word, names);
  const meant =
    near === undefined
      ? // `token` alone is no guess.
        leavesOf(program)
          .map(pathOf)
          .find((path) => path.endsWith(` ${word}`))
      : `${pathOf(command)} ${near}`.trim();
  return {
    sentence: `There is no command ${quoted(`${pathOf(command)} ${word}`.trim())}.`,
    hint:
      meant === undefined
        ? `What there is: ${listed(names, "conjunction")}. Add --help to see what they do.`
        : didYouMean(`\`${meant}\``),
  };
}

function unknownOption({ flag = "" }: Groups, { words, program }: Asked): Told {
  const [name = "", value] = flag.split(/=(.*)/s);
  const { command } = walk(words.slice(0, Math.max(0, words.indexOf(flag))), program);
  const own = longsOf(command);
  if (value !== undefined && own.includes(name)) return { sentence: `The option ${name} takes no value.` };
  const isBeforeCommand = command === program;
  const near = nearMiss(name, own);
  const others = leavesOf(program).filter((other) => longsOf(other).includes(name));
  return {
    sentence: `There is no option ${quoted(name)}${isBeforeCommand ? "" : ` for \`${pathOf(command)}\``}.`,
    hint: near === undefined ? whereItIs(others, isBeforeCommand) : didYouMean(near),
  };
}

function whereItIs(others: readonly CommandUnknownOpts[], isBeforeCommand: boolean): string | undefined {
  if (others.length === 0) return undefined;
  if (isBeforeCommand) return "Options come after the command.";
  const paths = others.map((other) => `\`${pathOf(other)}\``);
  return `${listed(paths, "conjunction")} ${paths.length === 1 ? "has" : "have"} it. ${HINTS.usage_error}`;
}

function missingArgument({ name = "" }: Groups, { command }: Asked): Told {
  const argument = argumentCalled(name, command);
  const [[example] = []] = SHORT_HELP[pathOf(command)]?.examples ?? [];
  const meaning = argument.argChoices ? listed(argument.argChoices, "disjunction") : argument.description;
  return {
    sentence: `\`${pathOf(command)}\` needs ${argumentOf(argument)}: ${meaning}.`,
    hint: example === undefined ? undefined : `For example: \`${example}\`. ${HINTS.usage_error}`,
  };
}

function tooManyArguments(_: Groups, { command, given }: Asked): Told {
  const taken = command.registeredArguments;
  const takes = taken.length === 0 ? "no arguments" : taken.map(argumentOf).join(" ");
  return {
    sentence: `\`${pathOf(command)}\` takes ${takes}, and ${quoted(given[taken.length] ?? "")} is too much.`,
    hint: taken.length === 0 ? undefined : `A name with spaces in it needs quotes. ${HINTS.usage_error}`,
  };
}

function missingValue({ flags = "" }: Groups, { command }: Asked): Told {
  const [long, ...value] = flags.split(" ");
  const choices = optionCalled(flags, command).argChoices;
  const what = choices ? listed(choices, "disjunction") : value.join(" ");
  return { sentence: `The option ${long} needs a value: ${what}.` };
}

function badValue({ flags = "", ...rest }: Groups, { command }: Asked): Told {
  const option = optionCalled(flags, command);
  return refused(`The option ${option.long}`, option.argChoices, rest);
}

function badArgument({ name = "", ...rest }: Groups, { command }: Asked): Told {
  return refused(`The ${name}`, argumentCalled(name, command).argChoices, rest);
}

function refused(
  what: string,
  choices: readonly string[] | undefined,
  { value = "", why = "" }: Groups,
): Told {
  const cannot = `${what} can't be ${quoted(value)}.`;
  if (!choices) return { sentence: `${cannot} ${why}` };
  const near = nearMiss(value, choices);
  return {
    sentence: `${cannot} It can be ${listed(choices, "disjunction")}.`,
    hint: near === undefined ? undefined : didYouMean(near),
  };
}

/** An option of the program that is to be run is taken for one of ours. */
function withHintOfDashes(told: Told, { command, given, words }: Asked): Told {
  const [first] = given;
  if (pathOf(command) !== "session run" || first === undefined || words.includes("--")) return told;
  return { ...told, hint: `Put -- before the program: \`session run -- ${escapeText(first, SHOWN)} …\`.` };
}

function argumentCalled(name: string, command: CommandUnknownOpts): Argument {
  const found = command.registeredArguments.find((argument) => argument.name() === name);
  if (!found) throw new Error(`${pathOf(command)} has no argument ${name}.`);
  return found;
}

function optionCalled(flags: string, command: CommandUnknownOpts): Option {
  const found = command.options.find((option) => option.flags === flags);
  if (!found) throw new Error(`${pathOf(command)} has no option ${flags}.`);
  return found;
}

function longsOf(command: CommandUnknownOpts): string[] {
  return command.options.flatMap(({ long }) => long ?? []);
}

function didYouMean(what: string): string {
  return `Did you mean ${what}? ${HINTS.usage_error}`;
}

function quoted(typed: string): string {
  return `"${escapeText(typed, SHOWN)}"`;
}

function listed(words: readonly string[], type: "conjunction" | "disjunction"): string {
  return new Intl.ListFormat("en-GB", { type }).format(words);
}
