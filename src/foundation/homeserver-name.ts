import { escapeText } from "./escape-text.js";
import { Failure } from "./failures.js";
import { isServerName, isUserId, serverNameOf } from "./identifiers.js";
import { unquoted } from "./typed-text.js";

/** How people name a homeserver or a user, in options, variables and at prompts: read here, and nowhere else. */

/** A link to a user (Matrix specification, Appendices §URIs), whose ID follows. */
const USER_LINK =
  /^(?:https?:\/\/(?:www\.)?matrix\.to\/#\/(?:@|%40)|matrix:u\/|matrix:\/\/[^/]*\/u\/)([^?]+)/i;
/** What people copy along: the path of some endpoint. */
const ENDPOINT = /\/(?:_matrix|_synapse|\.well-known\/matrix)(?:\/.*)?$/i;

/**
 * A homeserver as somebody named it: by server name, URL or user ID, with or without what is left around it.
 *
 * @returns a server name in lower case and ASCII, or a URL (which has `://`); the same text again for what this gave
 * @throws {Failure} `usage_error`
 */
export function homeserverNameOf(text: string): string {
  const typed = unquoted(text);
  const userId = linkedUser(typed) ?? (typed.startsWith("@") ? typed : undefined);
  const named = userId === undefined ? typed : userId.slice(userId.indexOf(":") + 1);
  const found = /^https?:/i.test(named) ? urlOf(named) : asciiServerName(withoutEndpoint(named));
  if (found === undefined) throw notNamed(typed);
  return found;
}

/**
 * A user ID as somebody typed it, its server name in ASCII. Its capitals stay: old localparts have them.
 *
 * @throws {Failure} `usage_error`
 */
export function userIdOf(text: string): string {
  const typed = linkedUser(unquoted(text)) ?? unquoted(text);
  const colon = typed.indexOf(":");
  const serverName = asciiServerName(typed.slice(colon + 1));
  const ascii = `${typed.slice(0, colon + 1)}${serverName}`;
  if (!isUserId(typed) && serverName !== undefined && isUserId(ascii)) return ascii;
  // It says what is wrong.
  serverNameOf(typed);
  return typed;
}

function linkedUser(text: string): string | undefined {
  const linked = USER_LINK.exec(text)?.[1];
  if (linked === undefined) return undefined;
  try {
    return `@${decodeURIComponent(linked)}`;
  } catch {
    return undefined;
  }
}

function urlOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  url.pathname = url.pathname.replace(ENDPOINT, "/");
  url.search = "";
  url.hash = "";
  return url.href;
}

function withoutEndpoint(text: string): string {
  return text.replace(ENDPOINT, "").replace(/\/+$/, "");
}

/** An internationalised name is what URLs make of it (UTS #46); nothing else is left to a URL's forgiving parser. */
function asciiServerName(text: string): string | undefined {
  if (isServerName(text)) return text.toLowerCase();
  if (!/[^\0-\x7f]/.test(text) || /[\s/\\?#@%]/.test(text) || !URL.canParse(`https://${text}/`)) {
    return undefined;
  }
  const { host } = new URL(`https://${text}/`);
  return isServerName(host) ? host : undefined;
}

function notNamed(typed: string): Failure {
  if (typed === "") {
    return new Failure("usage_error", "The homeserver's name is empty.", { hint: WHAT_TO_GIVE });
  }
  return new Failure("usage_error", `${escapeText(typed)} is neither a server name nor a URL.`, {
    hint: hintFor(typed),
  });
}

const WHAT_TO_GIVE =
  "Give what follows the colon in @you:example.org, or the homeserver's URL, like https://matrix.example.org.";

function hintFor(typed: string): string {
  if (/^[#!]/.test(typed)) {
    return "That is a room, which tells nothing about the homeserver of an account. Give what follows the colon in @you:example.org.";
  }
  if (/^[^@\s]+@[^@\s]+$/.test(typed)) {
    return "That looks like an e-mail address. Give what follows the colon in @you:example.org.";
  }
  const [host = "", ...path] = typed.split("/");
  if (path.length > 0 && asciiServerName(host) !== undefined) {
    return `Only a URL has a path: did you mean https://${escapeText(typed)}?`;
  }
  return WHAT_TO_GIVE;
}
