import { safeJson } from "../foundation/escape-text.js";
import type { CommandContext } from "./context.js";

/** One line of --json. */
export function printJson(value: object, { stdout }: Pick<CommandContext, "stdout">): void {
  stdout.write(`${safeJson(value)}\n`);
}
