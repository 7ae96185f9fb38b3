import { resolve } from "node:path";
import { Failure } from "../foundation/failures.js";
import { sessionsDirectory } from "../session/directory.js";
import { existingSessionPath, pathOfNamed } from "../session/resolve.js";
import type { StoredSession } from "../session/session-file.js";
import { SessionStore } from "../session/store.js";
import type { CommandContext } from "./context.js";
import { HINTS, NO_SESSION_HINT } from "./hints.js";
import type { GlobalOptions } from "./options/global.js";

/** What the verbs of `session` share. */

/** The options of a verb, with its argument: a session by its name or path, which is short for --session. */
export type Named<Options extends GlobalOptions> = Options & { readonly name?: string | undefined };

/** A session that is there, with the store that it was found by. */
export interface FoundSession {
  readonly store: SessionStore;
  readonly path: string;
  readonly session: StoredSession;
}

export function openStore(context: CommandContext): SessionStore {
  return new SessionStore(() => sessionsDirectory(context), context.warn);
}

/**
 * Finds and reads the session that is meant.
 *
 * @param states which sessions count as being there when none is named
 * @throws {Failure} `usage_error` where the argument and --session mean two; what `existingSessionPath` and reading throw
 */
export async function findSession(
  { name, session: option }: Named<GlobalOptions>,
  context: CommandContext,
  states: Parameters<typeof existingSessionPath>[2] = "any",
): Promise<FoundSession> {
  const store = openStore(context);
  const meant = (named: string) => resolve(pathOfNamed(named, store));
  if (name !== undefined && option !== undefined && meant(name) !== meant(option)) {
    throw new Failure("usage_error", "The argument and --session name two different sessions.", {
      hint: "Give one of the two.",
    });
  }
  return hintingAtNewSession(store, async () => {
    const path = await existingSessionPath(name ?? option, context, states);
    return { store, path, session: await store.read(path) };
  });
}

/** Where there is no session at all, there is none to look for: what helps is to make one. */
export async function hintingAtNewSession<T>(store: SessionStore, find: () => Promise<T>): Promise<T> {
  try {
    return await find();
  } catch (thrown) {
    const isMissing = thrown instanceof Failure && thrown.code === "session_not_found";
    // A path works without a home too.
    const there = isMissing ? await store.list().catch(() => undefined) : undefined;
    throw isMissing && there?.length === 0 ? thrown.with({ hint: NO_SESSION_HINT }) : thrown;
  }
}

/** Has failures say which session they are about, where what helps is a command for it. */
export async function aboutSession<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const isNamed = thrown instanceof Failure && HINTS[thrown.code]?.includes("`session ");
    throw isNamed ? thrown.with({ session: thrown.details.session ?? path }) : thrown;
  }
}
