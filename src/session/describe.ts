import { escapeText } from "../foundation/escape-text.js";
import { fingerprint } from "../foundation/fingerprint.js";
import { revealed, type Secret } from "../foundation/secret.js";
import { timeForPeople } from "../foundation/time-for-people.js";
import { sessionName } from "./names.js";
import type { StoredSession } from "./session-file.js";
import type { SessionEntry } from "./store.js";
import { isRefreshable } from "./token-life.js";

/** A session as `--json` shows it: nothing secret, and no token. docs/session-file.md lists the fields. */
export function sessionEvent(path: string, session: StoredSession): object {
  const { state, user_id, device_id, base_url, device_name, created_at, oauth, expires_at, secrets } =
    session;
  return {
    event: "session",
    name: sessionName(path),
    path,
    state,
    user_id,
    device_id,
    base_url,
    device_name,
    created_at,
    issuer: oauth?.issuer,
    client_id: oauth?.client_id,
    expires_at,
    refreshable: isRefreshable(session),
    cross_signing: secrets !== undefined,
    backup_version: secrets?.backup?.backup_version,
    device_keys_state: session.device_keys_state,
    device_identity: session.device_identity,
  };
}

/** A file of the list as `--json` shows it: its session, or why it can't be used. */
export function entryEvent({ name, path, session, failure }: SessionEntry): object {
  if (session) return sessionEvent(path, session);
  return { event: "session", name, path, state: "unusable", code: failure.code, message: failure.message };
}

/** The table of `session list`: a heading, then a line for each session. */
export function sessionTable(entries: readonly SessionEntry[], now: Date): string {
  const rows = [["NAME", "USER", "DEVICE", "SERVER", "STATE", "AGE"]];
  for (const { name, session } of entries) {
    if (!session) {
      rows.push([name, "-", "-", "-", "unusable", "-"]);
      continue;
    }
    const { user_id, device_id, base_url, state, created_at } = session;
    const shown = [user_id ?? "-", device_id, new URL(base_url).host].map((text) => escapeText(text));
    rows.push([
      name,
      ...shown,
      waitsForClient(session) ? "deferred" : state,
      created_at ? age(now.getTime() - Date.parse(created_at)) : "-",
    ]);
  }
  return alignColumns(rows);
}

/** What `session show` says to a person. */
export function sessionDetails(path: string, session: StoredSession): string {
  const { user_id, device_id, device_name, base_url, oauth, secrets } = session;
  const backup = secrets?.backup;
  const rows = [
    ["name", sessionName(path)],
    ["file", path],
    ["state", session.access_token ? session.state : `${session.state}: there are no tokens`],
    ["user", user_id ?? "not known yet"],
    ["device", device_name === undefined ? device_id : `${device_id} (${device_name})`],
    ["homeserver", base_url],
    ["issuer", oauth?.issuer ?? "none"],
    ["client", oauth?.client_id ?? "none"],
    ["created", session.created_at === undefined ? "not known" : timeForPeople(session.created_at)],
    ["token expires", session.expires_at === undefined ? "not known" : timeForPeople(session.expires_at)],
    ["refreshable", isRefreshable(session) ? "yes" : "no"],
    ["cross-signing keys", secrets ? "yes" : "no"],
    ["device keys", deviceKeys(session)],
    ["backup key", backup ? `of version ${backup.backup_version}` : "no"],
  ];
  return alignColumns(rows.map((row) => row.map((text) => escapeText(text, 1000))));
}

/** Whether a client has yet to take the session over, and its device to be signed. */
function waitsForClient({ state, device_keys_state }: StoredSession): boolean {
  return state === "complete" && device_keys_state === "deferred";
}

function deviceKeys(session: StoredSession): string {
  const { device_keys_state: state, device_keys: own, device_identity: client } = session;
  if (state === "deferred")
    return "deferred: left to the client that takes the session over, then to be signed";
  if (state === "signed" && client) return `signed: the client's, ${fingerprint(client.ed25519)}`;
  return state ?? (own ? "yes" : "none");
}

/** What `--show-secrets` adds to a session as `--json` shows it: its tokens and keys, as its file has them. */
export function sessionSecrets(session: StoredSession): object {
  const { access_token, refresh_token, secrets, device_keys } = revealed(session);
  return { access_token, refresh_token, secrets, device_keys };
}

/** What `session show --show-secrets` says to a person besides. */
export function secretDetails({ access_token, refresh_token, secrets, device_keys }: StoredSession): string {
  const { master_key, self_signing_key, user_signing_key } = secrets?.cross_signing ?? {};
  const rows: readonly (readonly [string, Secret | undefined])[] = [
    ["access token", access_token],
    ["refresh token", refresh_token],
    ["master key", master_key],
    ["self-signing key", self_signing_key],
    ["user-signing key", user_signing_key],
    ["backup key", secrets?.backup?.key],
    ["device's Ed25519 key", device_keys?.ed25519],
    ["device's Curve25519 key", device_keys?.curve25519],
  ];
  return alignColumns(rows.flatMap(([what, secret]) => (secret ? [[what, secret.reveal()]] : [])));
}

function alignColumns(rows: readonly (readonly string[])[]): string {
  const widthOf = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widthOf(column))).join("  "));
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

function age(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "new";
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h`;
  return `${Math.floor(minutes / (24 * 60))} d`;
}
