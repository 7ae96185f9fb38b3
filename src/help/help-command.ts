import type { Command, CommandUnknownOpts } from "@commander-js/extra-typings";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { nearMiss } from "../session/near-miss.js";
import { TOPIC_NAMES, TOPICS } from "./topics.js";
import { FAILURE_CODES, helpOnFailure, helpOnSymptom, isFailureCode } from "./troubleshooting.js";
import { pathOf } from "./visible.js";

/** A terminal's width, with room for an item's dash. */
const COLUMNS = 78;

/** `help`, `help session run`, `help bots`, `help rendezvous_gone`: a command's --help, a topic, or a failure. */
export function addHelpCommand(program: Command): void {
  program.helpCommand(false);
  program
    .command("help")
    .summary("help for a command, on a topic, or a failure")
    .description("Show how a command is used, a topic, or what helps against a failure.")
    .argument("[topic...]", `a command, a failure's code, or one of ${TOPIC_NAMES.join(", ")}`)
    .action((words) => {
      const text = topicOf(program, words);
      if (text === undefined) commandOf(program, words).help();
      else program.configureOutput().writeOut?.(text);
    });
}

function topicOf(program: Command, words: readonly string[]): string | undefined {
  const wrap = (text: string) => program.createHelp().boxWrap(text, COLUMNS);
  const [first, second] = words;
  if (isFailureCode(first)) return helpOnFailure(first, wrap);
  if (first === "troubleshooting") return helpOnSymptom(second, wrap);
  return TOPICS[words.join("-")]?.();
}

function commandOf(program: CommandUnknownOpts, words: readonly string[]): CommandUnknownOpts {
  return words.reduce((command, word) => {
    const names = command.commands.map((sub) => sub.name());
    const found = command.commands[names.indexOf(word)];
    if (found) return found;
    const near = nearMiss(word, command === program ? [...names, ...TOPIC_NAMES, ...FAILURE_CODES] : names);
    const hint =
      near === undefined
        ? `Add --help to see the commands. Topics: ${TOPIC_NAMES.join(", ")}.`
        : `Did you mean \`${["help", pathOf(command), near].filter(Boolean).join(" ")}\`?`;
    throw new Failure("usage_error", `There is no command or topic "${escapeText(word, 80)}".`, { hint });
  }, program);
}
