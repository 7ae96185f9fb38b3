import { escapeText } from "../foundation/escape-text.js";
import { withProgram } from "../foundation/with-program.js";
import {
  entryEvent,
  secretDetails,
  sessionDetails,
  sessionEvent,
  sessionSecrets,
  sessionTable,
} from "../session/describe.js";
import type { CommandContext } from "./context.js";
import { NO_SESSION_HINT } from "./hints.js";
import type { GlobalOptions } from "./options/global.js";
import type { ShowOptions } from "./options/session.js";
import { ownProgram } from "./own-commands.js";
import { printJson } from "./print-json.js";
import { findSession, type Named, openStore } from "./session-context.js";

/** The verbs of `session` that tell what is on disk. */

export async function sessionList(options: GlobalOptions, context: CommandContext): Promise<void> {
  const store = openStore(context);
  const entries = await store.list();
  if (options.json) {
    for (const entry of entries) printJson(entryEvent(entry), context);
  } else if (entries.length > 0) {
    context.stdout.write(sessionTable(entries, context.clock.date()));
  } else {
    const hint = withProgram(NO_SESSION_HINT, ownProgram(context));
    context.stderr.write(`There are no sessions in ${escapeText(store.directory, 1000)}. ${hint}\n`);
  }
}

export async function sessionShow(options: Named<ShowOptions>, context: CommandContext): Promise<void> {
  const { path, session } = await findSession(options, context);
  const { json, showSecrets } = options;
  if (json) {
    printJson({ ...sessionEvent(path, session), ...(showSecrets && sessionSecrets(session)) }, context);
  } else {
    context.stdout.write(sessionDetails(path, session));
    if (showSecrets) context.stdout.write(`\n${secretDetails(session)}`);
  }
}
