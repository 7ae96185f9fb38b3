import { createInterface } from "node:readline/promises";
import { foldCheckCode } from "../foundation/check-code.js";
import { Failure } from "../foundation/failures.js";
import { attempts } from "./describe.js";
import type { Prompt } from "./display.js";
import { SecretQuestions } from "./secret-line.js";
import type { Terminal } from "./terminal.js";
import { discardTypedAhead } from "./typed-ahead.js";
import { USUAL_COLUMNS, wrapProse } from "./wrap.js";

/**
 * Asks line by line, leaving the editing of the line to the terminal itself, so Ctrl-C stays a signal.
 *
 * @param interrupt does what Ctrl-C does while secrets are asked for, when it is a key
 */
export function terminalPrompt(terminal: Terminal, interrupt: () => void): Prompt {
  const secrets = new SecretQuestions(terminal, interrupt);
  return {
    checkCode: (attemptsLeft, signal) => askCheckCode(terminal, attemptsLeft, signal),
    confirm: async (question, signal) => {
      signal.throwIfAborted();
      await discardTypedAhead(terminal.input, interrupt);
      const wrapped = wrapProse(`${question} [y/N]`, terminal.output.columns || USUAL_COLUMNS).join("\n");
      return /^y(es)?$/i.test(await ask(terminal, `${wrapped} `, signal));
    },
    text: (question, signal) => ask(terminal, `${question} `, signal),
    secret: (question, signal) => secrets.ask(question, signal),
    secretDone: () => secrets.close(),
  };
}

/** A line without two digits isn't an attempt. */
async function askCheckCode(terminal: Terminal, attemptsLeft: number, signal: AbortSignal): Promise<string> {
  const question = `Check code on the other device (${attempts(attemptsLeft)} left): `;
  for (;;) {
    const code = foldCheckCode(await ask(terminal, question, signal));
    if (code !== undefined) return code;
    terminal.output.write("Type the two digits that the other device shows.\n");
  }
}

async function ask(terminal: Terminal, question: string, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const { input, output, jobControl } = terminal;
  const lines = createInterface({ input, output, terminal: false });
  // The terminal itself stops the process: what was asked stands above what the shell has printed since.
  const forget = jobControl?.onContinue(() => output.write(question));
  // At the end of input, readline closes and leaves a question open for ever.
  const ended = new Promise<never>((_resolve, reject) => {
    lines.once("close", () => reject(new Failure("user_cancelled")));
  });
  try {
    return (await Promise.race([lines.question(question, { signal }), ended])).trim();
  } catch (error) {
    signal.throwIfAborted();
    // What follows starts on a line of its own; after an abort readline sees to that itself.
    output.write("\n");
    throw error;
  } finally {
    forget?.();
    lines.close();
  }
}
