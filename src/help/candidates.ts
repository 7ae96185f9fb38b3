import type { CommandUnknownOpts, Option } from "@commander-js/extra-typings";
import { FAILURES } from "../foundation/failure-table.js";
import { TOPIC_NAMES } from "./topics.js";
import { all, pathOf } from "./visible.js";

/** What a shell offers at a press of Tab. */
export interface Candidate {
  readonly word: string;
  readonly description?: string | undefined;
}

/** A file's name is wanted, which shells complete better by themselves. */
export const FILES = "files";

/** The sessions there are, by name; asked for only where one is wanted. */
export type SessionNames = () => Promise<readonly string[]>;

/**
 * What may come next in a command line.
 *
 * @param words what is typed after the program's name; the last one is being typed, and may be empty
 */
export async function candidatesFor(
  words: readonly string[],
  program: CommandUnknownOpts,
  sessionNames: SessionNames,
): Promise<readonly Candidate[] | typeof FILES> {
  const typed = words.at(-1) ?? "";
  const { command, before, given } = walk(words.slice(0, -1), program);
  const [, inOption, part] = /^(--[^=]+)=(.*)$/s.exec(typed) ?? [];
  const option = optionOf(command, inOption ?? before);
  if (option && takesValue(option)) {
    const values = await valuesOf(option, sessionNames);
    if (values === FILES || inOption === undefined) return values === FILES ? FILES : starting(values, typed);
    return starting(values, part ?? "").map(({ word, ...rest }) => ({
      word: `${inOption}=${word}`,
      ...rest,
    }));
  }
  if (typed.startsWith("-")) return starting(optionsOf(command), typed);
  if (command.commands.length > 0) return starting(commandsOf(command), typed);
  const wanted = await argumentsOf(command, given.length, typed, sessionNames);
  return wanted === FILES ? FILES : starting(wanted, typed);
}

/** The command that the words lead to, the arguments it is given, and the option whose value comes next. */
export function walk(words: readonly string[], program: CommandUnknownOpts) {
  let command = program;
  const given: string[] = [];
  let isValue = false;
  for (const word of words) {
    if (isValue) {
      isValue = false;
      continue;
    }
    if (word.startsWith("-")) {
      const option = optionOf(command, word);
      isValue = option !== undefined && takesValue(option);
      continue;
    }
    const sub = command.commands.find((candidate) => candidate.name() === word);
    if (sub) command = sub;
    else given.push(word);
  }
  return { command, given, before: isValue ? words.at(-1) : undefined };
}

function optionOf(command: CommandUnknownOpts, flag: string | undefined): Option | undefined {
  return flag === undefined ? undefined : command.options.find(({ long }) => long === flag);
}

function takesValue({ required }: Option): boolean {
  return required;
}

async function valuesOf(option: Option, sessionNames: SessionNames): Promise<Candidate[] | typeof FILES> {
  if (option.argChoices) return option.argChoices.map((word) => ({ word }));
  if (option.long === "--session") return named(await sessionNames());
  return /<(?:file|path)>/.test(option.flags) ? FILES : [];
}

async function argumentsOf(
  command: CommandUnknownOpts,
  given: number,
  typed: string,
  sessionNames: SessionNames,
): Promise<Candidate[] | typeof FILES> {
  const { registeredArguments } = command;
  const argument = registeredArguments[given] ?? registeredArguments.findLast(({ variadic }) => variadic);
  switch (argument?.name()) {
    case "name":
      return named(await sessionNames());
    case "shell":
      return (argument.argChoices ?? []).map((word) => ({ word }));
    case "topic":
      return [...commandsOf(command.parent ?? command), ...named(TOPIC_NAMES), ...failures(typed)];
    case "source":
    case "file":
    case "command":
      return FILES;
    default:
      return [];
  }
}

/** All of them would hide what else there is. */
function failures(typed: string): Candidate[] {
  if (typed === "") return [];
  return Object.entries(FAILURES).map(([word, { message }]) => ({ word, description: message }));
}

function optionsOf(command: CommandUnknownOpts): Candidate[] {
  const own = all(command).map(({ long, description }) => ({ word: long ?? "", description }));
  const isProgram = pathOf(command) === "";
  return [...own, { word: "--help" }, ...(isProgram ? [] : [{ word: "--help-all" }])];
}

function commandsOf(command: CommandUnknownOpts): Candidate[] {
  return command.commands.map((sub) => ({ word: sub.name(), description: sub.description() }));
}

function named(words: readonly string[]): Candidate[] {
  return words.map((word) => ({ word }));
}

function starting(candidates: readonly Candidate[], typed: string): Candidate[] {
  return candidates.filter(({ word }) => word.startsWith(typed));
}
