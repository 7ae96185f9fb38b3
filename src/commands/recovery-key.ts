import { readSourceText, type TextKind } from "../files/read-named.js";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { Secret } from "../foundation/secret.js";
import type { RecoveryKeySource } from "../secret-storage/key-source.js";
import type { Prompt } from "../ui/display.js";
import type { CommandContext } from "./context.js";

/** Where the recovery key or the passphrase of the account's secret storage comes from. */

const RECOVERY_KEY: TextKind = {
  /** More than any recovery key or passphrase has. */
  maxBytes: 4096,
  unusable: (origin, what) =>
    new Failure("recovery_key_malformed", `${escapeText(origin, 1000)} can't hold a recovery key: ${what}.`),
};
/** How often it may be typed. */
const TYPED_ATTEMPTS = 3;
const QUESTION = "Recovery key or passphrase (it isn't shown):";

/**
 * `--recovery-key-file`, read at once: before anything is asked of the network.
 *
 * @param path of a file or a pipe, `-` for stdin
 * @throws {Failure} `file_error`, `recovery_key_malformed`; the signal's reason
 */
export async function recoveryKeyOfFile(
  path: string,
  { stdin, signal }: Pick<CommandContext, "stdin" | "signal">,
): Promise<RecoveryKeySource> {
  const { text } = await readSourceText(path, stdin, RECOVERY_KEY, signal);
  // Editors and `echo` end a file with a line break. Spaces may be the passphrase's own.
  const recoveryKey = new Secret(text.replace(/\r?\n$/, ""));
  return { attempts: 1, read: async () => recoveryKey };
}

/** Asks at the terminal, and again with what was wrong. */
export function recoveryKeyOfPrompt(prompt: Prompt): RecoveryKeySource {
  return {
    attempts: TYPED_ATTEMPTS,
    read: (problem, signal) => prompt.secret(problem ? `${problem.message}\n${QUESTION}` : QUESTION, signal),
    done: () => prompt.secretDone(),
  };
}

/**
 * Asks for it where it isn't needed.
 *
 * @returns undefined where nothing was typed
 */
export async function optionalRecoveryKey(
  prompt: Prompt,
  signal: AbortSignal,
): Promise<RecoveryKeySource | undefined> {
  const first = await prompt.secret(`${QUESTION.slice(0, -1)}, or nothing to go without:`, signal);
  if (first.reveal() === "") {
    prompt.secretDone();
    return undefined;
  }
  const typed = recoveryKeyOfPrompt(prompt);
  return {
    ...typed,
    read: async (problem, readSignal) => (problem ? typed.read(problem, readSignal) : first),
  };
}
