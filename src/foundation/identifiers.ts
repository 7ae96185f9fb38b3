import { escapeText } from "./escape-text.js";
import { Failure } from "./failures.js";

/** A name or IPv4 address without empty labels, or a bracketed IPv6 address; maybe a port. */
const SERVER_NAME = /^(?:(?<name>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.?)|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** Historical localparts hold nearly everything, so only what can't be shown or parsed is kept out. */
const USER_ID = /^@[^:\s\p{C}]+:(?<serverName>.+)$/u;

const MAX_BYTES = 255;

/**
 * Whether a text is a server name that something can be asked of (Matrix specification, Appendices §Server Name):
 * what is one here is one everywhere in this program.
 */
export function isServerName(text: string): boolean {
  const match = Buffer.byteLength(text) <= MAX_BYTES ? SERVER_NAME.exec(text) : null;
  if (!match || !URL.canParse(`https://${text}/`)) return false;
  const name = match.groups?.["name"];
  // URLs read addresses in forms of their own, so that 0x7f.1 would be loopback.
  return name === undefined || new URL(`https://${text}/`).hostname === name.toLowerCase();
}

/** Whether a text is a user ID (Matrix specification, Appendices §User Identifiers), historical ones included. */
export function isUserId(text: string): boolean {
  const serverName = USER_ID.exec(text)?.groups?.["serverName"];
  return serverName !== undefined && Buffer.byteLength(text) <= MAX_BYTES && isServerName(serverName);
}

/**
 * The server name in a user ID: what follows its first colon.
 *
 * @throws {Failure} `usage_error` for what is no user ID
 */
export function serverNameOf(userId: string): string {
  if (!isUserId(userId)) {
    throw new Failure("usage_error", `${escapeText(userId)} is not a Matrix user ID.`, {
      hint: "It looks like @alice:example.org.",
    });
  }
  return userId.slice(userId.indexOf(":") + 1);
}

/** Whether two user IDs name one user: capitals in a server name mean nothing, as in the DNS. */
export function isSameUser(one: string, other: string): boolean {
  const [a, b] = [one, other].map((id) => id.replace(/:.*/s, (serverName) => serverName.toLowerCase()));
  return a === b;
}
