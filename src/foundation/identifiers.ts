import { escapeText } from "./escape-text.js";
import { Failure } from "./failures.js";

/** Matrix specification, Appendices §Server Name: a DNS name, IPv4 or bracketed IPv6 address, maybe a port. */
const SERVER_NAME = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** Historical localparts hold nearly everything, so only what can't be shown or parsed is kept out. */
const USER_ID = /^@[^:\s\p{C}]+:(?<serverName>.+)$/u;

const MAX_BYTES = 255;

export function isServerName(text: string): boolean {
  return Buffer.byteLength(text) <= MAX_BYTES && SERVER_NAME.test(text) && URL.canParse(`https://${text}/`);
}

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
