import type { Command } from "@commander-js/extra-typings";
import { Argument } from "../commands/options/commander.js";
import { globalOptions, WITHOUT_ALL } from "../commands/options/global.js";
import { type OptionsOf, withOptions } from "../commands/options/with-options.js";
import { SHELLS } from "./shells.js";

export function completionCommand(parent: Command) {
  return withOptions(
    parent
      .command("completion")
      .summary("complete command lines in a shell")
      .description("Print what makes a shell complete this program's command lines.")
      .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
      .argument("[words...]", "what is typed so far, after --: then what may come next is printed"),
    globalOptions(WITHOUT_ALL),
  );
}

export type CompletionOptions = OptionsOf<typeof completionCommand>;
