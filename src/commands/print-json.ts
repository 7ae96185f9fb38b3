import { safeJson } from "../foundation/escape-text.js";
import type { Warning } from "../foundation/events.js";
import type { CommandContext } from "./context.js";

/** One line of --json. */
export function printJson(value: object, { stdout }: Pick<CommandContext, "stdout">): void {
  stdout.write(`${safeJson(value)}\n`);
}

/** A warning of a verb of `session`: a line of --json, or for a person on stderr. */
export function printWarning(
  warning: Warning,
  { json }: { readonly json?: boolean | undefined },
  context: Pick<CommandContext, "stdout" | "stderr">,
): void {
  if (json) printJson(warning, context);
  else context.stderr.write(`Warning: ${warning.message}\n`);
}
