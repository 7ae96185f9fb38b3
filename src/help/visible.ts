import type { Argument, CommandUnknownOpts, Option } from "@commander-js/extra-typings";

/** The command tree as its readers see it. */

/** As a command is typed after the program's name: `session token`, or nothing for the program. */
export function pathOf(command: CommandUnknownOpts): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}`.trim() : "";
}

/** The commands that do something, and don't only group others. */
export function leavesOf(command: CommandUnknownOpts): CommandUnknownOpts[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

/** The options of a command but for the two that only show its help. */
export function all(command: CommandUnknownOpts): readonly Option[] {
  return command.options.filter(({ hidden }) => !hidden);
}

/** `--as <new|existing>`: what can be chosen says more than what it is called. */
export function termOf({ flags, argChoices }: Option): string {
  return argChoices && areShort(argChoices)
    ? flags.replace(/([<[])[^>\]]*([>\]])/, `$1${argChoices.join("|")}$2`)
    : flags;
}

/** What an option is for, in a few words: the rest is for whoever asks for all. */
export function inShort({ description }: Option): string {
  return description.replace(/(?:;| \().*/s, "");
}

/** What an option is for, what it can be where its term doesn't say so, and what it is by default. */
export function withDefault(option: Option): string {
  const { description, argChoices = [], defaultValue, defaultValueDescription } = option;
  const choices = argChoices.length === 0 || areShort(argChoices) ? [] : [argChoices.join(", ")];
  const isShown = typeof defaultValue === "string" || typeof defaultValue === "number";
  const byDefault = defaultValueDescription ?? (isShown ? String(defaultValue) : undefined);
  const notes = [...choices, ...(byDefault === undefined ? [] : [`${byDefault} by default`])];
  return notes.length === 0 ? description : `${description} (${notes.join("; ")})`;
}

function areShort(choices: readonly string[]): boolean {
  return choices.join("|").length <= 13;
}

/** `<source...>`, `[name]` */
export function argumentOf(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}
