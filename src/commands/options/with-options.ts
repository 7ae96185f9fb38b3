import type { Command, OptionValues } from "@commander-js/extra-typings";

/** The options of a command, as what it is made by defines them. */
export type OptionsOf<Definition extends (...args: never) => { opts(): object }> = Readonly<
  ReturnType<ReturnType<Definition>["opts"]>
>;

/** Adds to a command the options of another one, which several commands share, below its own. */
export function withOptions<Args extends unknown[], Own extends OptionValues, Shared extends OptionValues>(
  command: Command<Args, Own>,
  shared: Command<[], Shared>,
): Command<Args, Own & Shared> {
  for (const option of shared.options) command.addOption(option);
  // The loop has just made it one; types can't follow it.
  return command as unknown as Command<Args, Own & Shared>;
}
