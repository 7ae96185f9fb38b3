import { sep } from "node:path";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import type { Environment, Machine } from "../foundation/machine.js";
import type { SessionState } from "../foundation/session-states.js";
import { unquoted } from "../foundation/typed-text.js";
import { sessionsDirectory } from "./directory.js";
import { isSessionName, nameOfDevice } from "./names.js";
import { type NewSessionFile, type SessionEntry, SessionStore } from "./store.js";

/**
 * The path of the session to use: the one that is named by the option or by MATRIX_QR_LOGIN_SESSION, else the
 * only one there is.
 *
 * @param states which sessions count as being there when none is named; `any` counts unreadable files too
 * @throws {Failure} `session_not_found`, `session_ambiguous`, `usage_error` for an impossible name
 */
export async function existingSessionPath(
  option: string | undefined,
  machine: Machine,
  states: readonly SessionState[] | "any" = ["complete"],
): Promise<string> {
  const store = new SessionStore(() => sessionsDirectory(machine), machine.warn);
  const named = namedPath(option, machine.env, store);
  if (named !== undefined) return named;
  const entries = await store.list();
  const [only, ...others] = entries.filter(
    ({ session }) => states === "any" || (session && states.includes(session.state)),
  );
  if (!only) throw noneFound(entries);
  if (others.length > 0) {
    throw new Failure("session_ambiguous", `There are several sessions: ${names([only, ...others])}.`);
  }
  return only.path;
}

/**
 * The file for a new session: the one that is named by the option or by MATRIX_QR_LOGIN_SESSION, else one of its
 * device's name, which may be named after its user later. That it can be created is tried out here, so that it is
 * known before any network and before any QR code.
 *
 * @throws {Failure} `session_exists`, `file_error`, `usage_error` for an impossible name
 */
export async function newSessionFile(
  option: string | undefined,
  machine: Machine,
  deviceId: string,
): Promise<NewSessionFile> {
  const store = new SessionStore(() => sessionsDirectory(machine), machine.warn);
  const named = namedPath(option, machine.env, store);
  const path = named ?? store.pathOf(nameOfDevice(deviceId));
  await store.checkCanCreate(path);
  return store.newFile(path, named !== undefined);
}

/**
 * The path that somebody's word for a session means: itself if it has a separator or ends in `.json`, else that of a
 * name in the sessions directory.
 *
 * @throws {Failure} `usage_error` for an impossible name
 */
export function pathOfNamed(named: string, store: SessionStore): string {
  if (named.includes("/") || named.includes(sep) || named.endsWith(".json")) return named;
  if (isSessionName(named)) return store.pathOf(named);
  throw new Failure("usage_error", `"${escapeText(named)}" can't be the name of a session.`, {
    hint: "A name has up to 100 letters, digits, dots, underscores and hyphens, and doesn't start with a dot.",
  });
}

function namedPath(option: string | undefined, env: Environment, store: SessionStore): string | undefined {
  const named = option ?? (unquoted(env["MATRIX_QR_LOGIN_SESSION"] ?? "") || undefined);
  return named === undefined ? undefined : pathOfNamed(named, store);
}

function noneFound(entries: readonly SessionEntry[]): Failure {
  if (entries.length === 0) return new Failure("session_not_found", "There is no session yet.");
  return new Failure("session_not_found", `There is no complete session, only: ${names(entries)}.`, {
    hint: "Name the one to use; one that isn't complete is never chosen by itself.",
  });
}

function names(entries: readonly SessionEntry[]): string {
  const shown = entries.slice(0, 10).map(({ name }) => name);
  return entries.length > shown.length ? `${shown.join(", ")}, …` : shown.join(", ");
}
