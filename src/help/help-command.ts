import type { Command, CommandUnknownOpts } from "@commander-js/extra-typings";
import { nearMiss } from "../session/near-miss.js";
import { TOPIC_NAMES, TOPICS } from "./topics.js";

/** `help`, `help session run`, `help bots`: a command's --help, or a topic. */
export function addHelpCommand(program: Command): void {
  program.helpCommand(false);
  program
    .command("help")
    .summary("help for a command, or on a topic")
    .description("Show how a command is used, or a topic.")
    .argument("[topic...]", `a command, or one of ${TOPIC_NAMES.join(", ")}`)
    .action((words) => {
      const topic = TOPICS[words.join("-")];
      if (topic) program.configureOutput().writeOut?.(topic());
      else commandOf(program, words).help();
    });
}

function commandOf(program: CommandUnknownOpts, words: readonly string[]): CommandUnknownOpts {
  return words.reduce((command, word) => {
    const names = command.commands.map((sub) => sub.name());
    const found = command.commands[names.indexOf(word)];
    if (found) return found;
    const near = nearMiss(word, command === program ? [...names, ...TOPIC_NAMES] : names);
    const question = near === undefined ? "" : ` Did you mean ${near}?`;
    return program.error(`error: there is no command or topic '${word}'.${question}`);
  }, program);
}
