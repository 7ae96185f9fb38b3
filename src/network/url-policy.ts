import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { shownHost } from "../foundation/shown-host.js";
import { unquoted } from "../foundation/typed-text.js";

/** Decides which URLs may be requested or shown: base URLs, rendezvous URLs, verification links. */
export interface UrlPolicy {
  /**
   * @param namedBy the server that names the URL: one of the network over https sends nobody to this machine
   * @returns the URL, parsed
   * @throws {Failure} `url_refused`
   */
  check(url: URL | string, namedBy?: URL): URL;
  /**
   * Says that a server is the account's, or one that the user has named. Only if one of them is on loopback, plain
   * http to loopback is let through: nobody else steers requests to what runs on this machine.
   *
   * @param server a base URL or a server name
   */
  noteOwn(server: URL | string): void;
}

/** `localhost`, names under it, 127.0.0.0/8 and ::1, written as `URL.hostname` has it. */
export function isLoopback(hostname: string): boolean {
  const name = hostname.replace(/\.$/, "");
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    /^127\.\d+\.\d+\.\d+$/.test(name) ||
    name === "[::1]"
  );
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** `example.org`, `example.org:8008`, `::1` or `[::1]` the way `URL.host` has it. */
function parseAllowedHost(text: string): string {
  const host = unquoted(text);
  const isBareIpv6 = /^[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*$/i.test(host);
  const url = parseUrl(`http://${isBareIpv6 ? `[${host}]` : host}`);
  if (url?.href !== `http://${url?.host}/`) {
    throw new Failure(
      "usage_error",
      `Plain http can be allowed for a host, and ${escapeText(text)} is not a host name.`,
      { hint: "Give the host's name alone, with its port where only that is meant: synapse:8008." },
    );
  }
  return url.host;
}

/** Where a server listens on all its addresses; it is no address to reach it at. */
function isUnspecified({ hostname }: URL): boolean {
  return hostname === "[::]" || hostname === "0.0.0.0";
}

const UNSPECIFIED =
  "Nobody can be reached at that address. Whoever runs the server that names it has to set the public one instead.";

/** Whether a base URL or a server name is of this machine itself. */
function isOnLoopback(server: URL | string): boolean {
  const url = typeof server === "string" && !server.includes("://") ? `http://${server}` : server;
  return isLoopback(parseUrl(String(url))?.hostname ?? "");
}

/**
 * Lets https through, and plain http to the given hosts, and to loopback where one of the user's own servers is there;
 * never a user name or password.
 *
 * @param allowHttp host names, each with a port where only that port is meant
 * @throws {Failure} `usage_error` where one of them is no host name
 */
export function createUrlPolicy(allowHttp: readonly string[]): UrlPolicy {
  const allowed = new Set(allowHttp.map(parseAllowedHost));

  let ownIsOnLoopback = false;

  const allowsLoopback = (namedBy: URL | undefined) =>
    ownIsOnLoopback && !(namedBy?.protocol === "https:" && !isLoopback(namedBy.hostname));
  const allowsHttp = (url: URL, namedBy: URL | undefined) =>
    allowed.has(url.hostname) ||
    allowed.has(url.host) ||
    (isLoopback(url.hostname) && allowsLoopback(namedBy));

  return {
    noteOwn(server) {
      ownIsOnLoopback ||= isOnLoopback(server);
    },
    check(candidate, namedBy) {
      const url = typeof candidate === "string" ? parseUrl(candidate) : candidate;
      if (!url) {
        throw new Failure("url_refused", `${escapeText(String(candidate))} is not a URL.`, {
          hint: "It should look like https://matrix.example.org.",
        });
      }
      if (url.username || url.password) {
        // The URL itself stays out of the message: it holds a password.
        throw new Failure(
          "url_refused",
          `The URL of ${escapeText(url.hostname)} is refused: it holds a user name or password.`,
          { hint: "Take them out of it: nothing here is asked for with a password in its address." },
        );
      }
      if (url.protocol === "https:" || (url.protocol === "http:" && allowsHttp(url, namedBy))) return url;
      const why =
        url.protocol === "http:" && isLoopback(url.hostname)
          ? "it is on this machine, and neither the account nor a server that you named is"
          : "only https is allowed";
      const message = `${escapeText(url.protocol)}//${shownHost(url)} is refused: ${why}.`;
      throw new Failure("url_refused", message, isUnspecified(url) ? { hint: UNSPECIFIED } : {});
    },
  };
}
