import * as v from "valibot";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { isServerName } from "../foundation/identifiers.js";
import { toBaseUrl } from "../network/base-url.js";
import type { HttpResponse } from "../network/http.js";
import type { Network } from "../network/network.js";
import { isLoopback, type UrlPolicy } from "../network/url-policy.js";
import { type ExpectedUser, makeExpectedUser } from "../protocol/expected-user.js";
import { refusal } from "./refusal.js";
import { fetchVersions } from "./versions.js";

const WellKnown = v.object({
  "m.homeserver": v.object({ base_url: v.pipe(v.string(), v.maxLength(2_048)) }),
});

/**
 * The base URL that a homeserver's name leads to, which the user has given: a URL is one already, a server name is
 * looked up.
 *
 * @throws {Failure} `usage_error`, `url_refused`, `network_error`, `server_error`
 */
export async function resolveHomeserver(
  nameOrUrl: string,
  network: Omit<Network, "clock">,
  signal: AbortSignal,
): Promise<URL> {
  network.urlPolicy.noteOwn(nameOrUrl);
  return resolveClaimedHomeserver(nameOrUrl, network, signal);
}

/**
 * The same of a name that a stranger has given: a QR code, or another device. That makes no server the user's own.
 *
 * @throws {Failure} what `resolveHomeserver` throws
 */
export async function resolveClaimedHomeserver(
  nameOrUrl: string,
  network: Omit<Network, "clock">,
  signal: AbortSignal,
): Promise<URL> {
  if (nameOrUrl.includes("://")) return toBaseUrl(nameOrUrl, network.urlPolicy);
  if (!isServerName(nameOrUrl)) {
    throw new Failure("usage_error", `${escapeText(nameOrUrl)} is neither a server name nor a URL.`, {
      hint: "Give the homeserver as example.org or https://matrix.example.org.",
    });
  }
  return resolveServerName(nameOrUrl, network, signal);
}

/**
 * The user that a sign-in has to end as, with the base URL that the user's own server name gives, and nothing else.
 *
 * @throws {Failure} `usage_error` for what is no user ID; `expected_user_unresolvable`
 */
export async function resolveUserHomeserver(
  userId: string,
  network: Omit<Network, "clock">,
  signal: AbortSignal,
): Promise<ExpectedUser> {
  return makeExpectedUser(userId, async (serverName) => {
    network.urlPolicy.noteOwn(serverName);
    try {
      return await resolveServerName(serverName, network, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      throw new Failure(
        "expected_user_unresolvable",
        `The homeserver of ${escapeText(userId)} can't be determined: ${error.message}`,
        { cause: error },
      );
    }
  });
}

/**
 * Matrix specification, Client-Server API §Well-known URI. What its steps call FAIL_PROMPT and FAIL_ERROR
 * are failures here: guessing on would lead to a server that the name doesn't vouch for.
 */
async function resolveServerName(
  serverName: string,
  network: Omit<Network, "clock">,
  signal: AbortSignal,
): Promise<URL> {
  const named = locate(serverName);
  const wellKnown = new URL(".well-known/matrix/client", named.wellKnownOrigin);
  const response = await network.http.send({ method: "GET", url: wellKnown, followRedirects: true, signal });
  const baseUrl =
    response.status === 404 ? named.baseUrl : readBaseUrl(wellKnown, response, network.urlPolicy);
  if ((await fetchVersions(network.http, baseUrl, signal)) === undefined) {
    throw new Failure("server_error", `${baseUrl.host} is not a Matrix homeserver.`, {
      hint: `If ${serverName} has one elsewhere, give its base URL instead.`,
    });
  }
  return baseUrl;
}

/** The .well-known file is on the name's standard port (step 3); a loopback name has no other than its own. */
function locate(serverName: string): { wellKnownOrigin: URL; baseUrl: URL } {
  const baseUrl = new URL(`https://${serverName}/`);
  if (isLoopback(baseUrl.hostname)) {
    const plain = new URL(`http://${serverName}/`);
    return { wellKnownOrigin: plain, baseUrl: plain };
  }
  return { wellKnownOrigin: new URL(`https://${baseUrl.hostname}/`), baseUrl };
}

function readBaseUrl(url: URL, response: HttpResponse, urlPolicy: UrlPolicy): URL {
  if (response.status !== 200) throw refusal(url, response);
  const parsed = v.safeParse(WellKnown, response.json);
  if (!parsed.success) {
    throw new Failure("server_error", `${url.href} names no homeserver.`, {
      hint: "Its admin has to repair it; meanwhile give the homeserver's base URL instead.",
    });
  }
  return toBaseUrl(parsed.output["m.homeserver"].base_url, urlPolicy, url);
}
