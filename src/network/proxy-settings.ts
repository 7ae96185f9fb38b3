import { Failure } from "../foundation/failures.js";
import type { Environment } from "../foundation/machine.js";

/** Which proxies the environment names, as URLs that can be used. */
export interface ProxySettings {
  /** For https, or empty. */
  readonly httpsProxy: string;
  /** For plain http, or empty. */
  readonly httpProxy: string;
  /** Which hosts are reached without, in the form of `NO_PROXY`. */
  readonly noProxy: string;
}

/** Scheme, user name and password, host and port. A password may hold anything, an @ too. */
const PARTS = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/)?(?:(.*)@)?([^/?#@]+)[/?#]?.*$/is;

const SCHEMES: Readonly<Record<string, string>> = {
  http: "http",
  https: "https",
  socks: "socks5",
  socks5: "socks5",
  // The name is always left for the proxy to find.
  socks5h: "socks5",
};

/**
 * Reads the proxy variables as curl does: in small letters or capitals, `ALL_PROXY` for what has none of its own,
 * without a scheme for http, and with passwords that nobody has encoded.
 *
 * @returns undefined where no proxy is named
 * @throws {Failure} `usage_error` where a variable names no proxy that can be used; what it holds is never shown
 */
export function proxySettings(env: Environment): ProxySettings | undefined {
  const variable = (name: string) => {
    const found = [name.toLowerCase(), name].find((spelling) => env[spelling]?.trim());
    return found && { name: found, value: env[found]?.trim() ?? "" };
  };
  const [https, http, all] = [variable("HTTPS_PROXY"), variable("HTTP_PROXY"), variable("ALL_PROXY")];
  const [httpsProxy, httpProxy] = [https || all || http, http || all].map((named) => named && toUrl(named));
  if (!httpsProxy && !httpProxy) return undefined;
  const noProxy = (variable("NO_PROXY") || { value: "" }).value;
  return { httpsProxy: httpsProxy || "", httpProxy: httpProxy || "", noProxy };
}

function toUrl({ name, value }: { readonly name: string; readonly value: string }): string {
  const text = value.replace(/^(["'])(.*)\1$/s, "$2");
  // HOST:PORT looks like a scheme and a path.
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text.replace(/^\/\//, "")}`;
  const [, given = "", credentials, host = ""] = PARTS.exec(whole) ?? [];
  const scheme = SCHEMES[given.toLowerCase()];
  if (scheme === undefined) {
    throw new Failure("usage_error", `${name} names a kind of proxy that can't be used.`, {
      hint: "Only http, https and socks5 proxies can: write it as http://HOST:PORT, or unset it.",
    });
  }
  const url = `${scheme}://${credentials === undefined ? "" : `${encoded(credentials)}@`}${host}`;
  if (!URL.canParse(url)) {
    throw new Failure("usage_error", `${name} is not the URL of a proxy.`, {
      hint: "Write it as http://HOST:PORT, or as http://USER:PASSWORD@HOST:PORT.",
    });
  }
  return url;
}

/** A name and a password, of which each is percent-encoded or not. */
function encoded(credentials: string): string {
  const [, user = "", password] = /^([^:]*)(?::(.*))?$/s.exec(credentials) ?? [];
  const parts = password === undefined ? [user] : [user, password];
  return parts.map((part) => encodeURIComponent(decoded(part))).join(":");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, "%25"));
  } catch {
    return text;
  }
}

/**
 * Which proxy couldn't be connected to, if that is what an error is about.
 *
 * @returns host and port, without name and password
 */
export function proxyOfError(error: unknown, env: Environment): string | undefined {
  const { httpsProxy = "", httpProxy = "" } = proxySettings(env) ?? {};
  const proxies = [httpsProxy, httpProxy].filter((proxy) => proxy !== "").map((proxy) => new URL(proxy));
  return proxies.find((proxy) => isAbout(error, proxy))?.host;
}

/** Node names the host that wasn't found, or the address and port that weren't reached. */
function isAbout(error: unknown, proxy: URL): boolean {
  if (!(error instanceof Error)) return false;
  const { hostname, port, protocol } = proxy;
  const details = error as { readonly hostname?: unknown; readonly port?: unknown };
  const usedPort = Number(port || { "http:": 80, "https:": 443 }[protocol] || 1080);
  if (details.hostname === hostname || details.port === usedPort) return true;
  // A connection that timed out tells it in its message alone.
  if (error.message.includes(`:${usedPort},`)) return true;
  return isAbout(error instanceof AggregateError ? error.errors[0] : error.cause, proxy);
}
