import type { IncomingHttpHeaders } from "node:http";
import { isLoopback } from "../network/url-policy.js";

/** Which requests the proxy hands on, which it answers by itself, and which it refuses. */

/** What a request may be refused with before anything else is looked at. */
export interface Refusal {
  readonly status: number;
  readonly errcode: string;
  readonly error: string;
}

/** What is to be done with a request target. */
export type Verdict =
  /** Handed on: path and query are its bytes, without the token. */
  | { readonly to: "forward"; readonly target: string; readonly path: string }
  /** Answered here. */
  | { readonly to: "health" | "well_known" | "versions" | "login_flows" | "logout" }
  | ({ readonly to: "refuse" } & Refusal);

const METHODS: readonly string[] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"];
const PREFIXES: readonly string[] = ["/_matrix/client/", "/_matrix/media/"];
/** How often a path may be percent-encoded over itself, and still be understood here as any server may do it. */
const MAX_DECODINGS = 4;

/** A path below any version of the client-server API, as `v3/login` or `unstable/org.example/login`. */
function endpoint(path: string): RegExp {
  return new RegExp(`^/_matrix/client/(?:[^/]+|unstable/[^/]+)/${path}$`);
}

const LOGIN = endpoint("login");
const VERSIONS = /^\/_matrix\/client\/versions$/;
const LOGOUT = endpoint("logout(?:/all)?");
const KEYS_UPLOAD = endpoint("keys/upload(?:/[^/]*)?");

/** What would make, take or change a session or the account's identity; the proxy keeps these to itself. */
const KEPT: readonly { readonly pattern: RegExp; readonly error: string }[] = [
  {
    pattern: endpoint("(?:login|register)(?:/.*)?"),
    error: "This is the proxy of a session that is signed in already: use its access token as it is.",
  },
  {
    pattern: endpoint("refresh"),
    error:
      "The proxy refreshes the session's tokens by itself; the access token that it gave out stays good.",
  },
  {
    pattern: endpoint("keys/device_signing(?:/.*)?"),
    error: "The account's cross-signing keys can't be changed through this proxy.",
  },
];

/**
 * Decides by method and request target. The path is matched as any server might read it: decoded, however often it is
 * encoded, in any case. One that servers may read in different ways is refused.
 */
export function judge(method: string, rawTarget: string): Verdict {
  if (!METHODS.includes(method)) return refused(405, "The proxy doesn't hand on this method.");
  // Only the origin form (RFC 9112 §3.2.1), and nothing that would be one if it were resolved against a URL.
  if (!/^\/(?!\/)[\x21-\x7e]*$/.test(rawTarget) || /[\\#]/.test(rawTarget)) {
    return refused(400, "The proxy takes request targets that are a path of its own, and nothing else.");
  }
  const queryAt = rawTarget.indexOf("?");
  const path = queryAt < 0 ? rawTarget : rawTarget.slice(0, queryAt);
  const query = queryAt < 0 ? "" : rawTarget.slice(queryAt + 1);
  if (path === "/_matrix-qr-login/health" && isReading(method)) return { to: "health" };
  if (path === "/.well-known/matrix/client" && isReading(method)) return { to: "well_known" };

  const readings = readingsOf(path);
  if (!readings) return refused(400, "The path can be understood in more than one way.");
  if (!PREFIXES.some((prefix) => path.startsWith(prefix))) {
    return refused(404, "The proxy hands on /_matrix/client/ and /_matrix/media/ only.");
  }
  const isAny = (pattern: RegExp) => readings.some((reading) => pattern.test(reading));
  if (isAny(VERSIONS) && isReading(method)) return { to: "versions" };
  if (isAny(LOGIN) && isReading(method)) return { to: "login_flows" };
  if (isAny(LOGOUT)) return { to: "logout" };
  const kept = KEPT.find(({ pattern }) => isAny(pattern));
  if (kept) return { to: "refuse", status: 403, errcode: "M_FORBIDDEN", error: kept.error };
  return { to: "forward", target: withoutToken(path, query), path };
}

/** Whether a request brings device keys, which a bot's own may be among. */
export function isKeysUpload(method: string, path: string): boolean {
  return method === "POST" && KEYS_UPLOAD.test(path);
}

/**
 * Web pages can reach a port of this machine: what a browser sends in their name has an `Origin`, or, after DNS
 * rebinding, the `Host` of the page's own server.
 *
 * @param isLocal whether the proxy listens on loopback only
 * @returns why the request is refused, if it is
 */
export function refusalOfHeaders(
  headers: IncomingHttpHeaders,
  rawHeaders: readonly string[],
  isLocal: boolean,
): Refusal | undefined {
  const error = "The proxy is for programs, not for web pages.";
  if (headers.origin !== undefined) return { status: 403, errcode: "M_FORBIDDEN", error };
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host");
  if (hosts.length > 1) {
    return { status: 400, errcode: "M_UNRECOGNIZED", error: "A request has one Host." };
  }
  if (!isLocal) return undefined;
  const host = `http://${headers.host ?? ""}`;
  if (URL.canParse(host) && isLoopback(new URL(host).hostname)) return undefined;
  return { status: 403, errcode: "M_FORBIDDEN", error };
}

/** The query's `access_token`, which some programs send instead of a header; undefined where there is none. */
export function tokenOfQuery(rawTarget: string): string | undefined {
  const queryAt = rawTarget.indexOf("?");
  if (queryAt < 0) return undefined;
  const pair = rawTarget
    .slice(queryAt + 1)
    .split("&")
    .find(isToken);
  return pair === undefined ? undefined : decoded(pair.slice(pair.indexOf("=") + 1).replaceAll("+", " "));
}

function withoutToken(path: string, query: string): string {
  const kept = query.split("&").filter((pair) => !isToken(pair));
  return query === "" || kept.length === 0 ? path : `${path}?${kept.join("&")}`;
}

function isToken(pair: string): boolean {
  const [name = ""] = pair.split("=", 1);
  return (decoded(name.replaceAll("+", " ")) ?? name).toLowerCase() === "access_token";
}

/**
 * The path as servers may read it, once for each decoding: in lower case, without path parameters (`;…`), without a
 * slash at its end, with a slash for a backslash, and with one slash for several where these were encoded.
 *
 * @returns undefined where one of them has dot segments, or the path itself an empty segment or no decoding
 */
function readingsOf(path: string): readonly string[] | undefined {
  const readings: string[] = [];
  let text = path;
  for (let decodings = 0; ; decodings++) {
    // Some parsers of URLs take a backslash for a slash.
    const segments = text.split(/[/\\]/).slice(1);
    const isAmbiguous = segments.some((segment, index) => {
      const plain = segment.replace(/;.*/s, "");
      const isEmpty = segment === "" && decodings === 0 && index < segments.length - 1;
      return plain === "." || plain === ".." || isEmpty;
    });
    if (isAmbiguous) return undefined;
    readings.push(`/${segments.map((segment) => segment.replace(/;.*/s, "")).join("/")}`);
    const next = decoded(text);
    // What is encoded only once may hold a percent sign of its own.
    if (next === undefined) return decodings === 0 ? undefined : readings.map(normalised);
    if (next === text) return readings.map(normalised);
    if (decodings === MAX_DECODINGS) return undefined;
    text = next;
  }
}

function normalised(reading: string): string {
  return reading.toLowerCase().replace(/\/+/g, "/").replace(/\/$/, "");
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function isReading(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

function refused(status: number, error: string): Verdict {
  return { to: "refuse", status, errcode: "M_UNRECOGNIZED", error };
}
