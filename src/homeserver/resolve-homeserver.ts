import * as v from "valibot";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { homeserverNameOf, userIdOf } from "../foundation/homeserver-name.js";
import { toBaseUrl } from "../network/base-url.js";
import type { HttpResponse } from "../network/http.js";
import type { Network } from "../network/network.js";
import { isWebPage, oddAnswer } from "../network/odd-answer.js";
import { isLoopback, type UrlPolicy } from "../network/url-policy.js";
import { answerObject } from "../protocol/answer-object.js";
import { type ExpectedUser, makeExpectedUser } from "../protocol/expected-user.js";
import { lookForHomeserver, noHomeserver } from "./versions.js";

type Asked = Omit<Network, "clock">;

const WellKnown = answerObject({
  "m.homeserver": answerObject({ base_url: v.pipe(v.string(), v.maxLength(2_048)) }),
});

/**
 * The base URL that a person's word for a homeserver leads to. A server name is looked up. So is a URL where no
 * homeserver answers, since many type `https://` before a server name.
 *
 * @param named a server name, URL or user ID, as it was typed
 * @throws {Failure} `usage_error`, `url_refused`, `network_error`, `server_error`
 */
export async function resolveHomeserver(named: string, network: Asked, signal: AbortSignal): Promise<URL> {
  const name = homeserverNameOf(named);
  network.urlPolicy.noteOwn(name);
  if (!name.includes("://")) return resolveServerName(name, network, signal);
  const url = toBaseUrl(name, network.urlPolicy);
  const found = await lookForHomeserver(network.http, url, signal);
  if ("info" in found) return url;
  const delegated = await delegatedBy(url, network, signal);
  if (delegated) return delegated;
  throw noHomeserver(url, found.instead);
}

/**
 * The same of what a stranger names, a QR code or another device: that makes no server the user's own, and a URL is
 * taken as it is.
 *
 * @throws {Failure} `usage_error`, `url_refused`, `network_error`, `server_error`
 */
export async function resolveClaimedHomeserver(
  claim: string,
  network: Asked,
  signal: AbortSignal,
): Promise<URL> {
  if (claim.includes("://")) return toBaseUrl(claim, network.urlPolicy);
  return resolveServerName(homeserverNameOf(claim), network, signal);
}

/**
 * The user that a sign-in has to end as, with the base URL that the user's own server name gives, and nothing else.
 *
 * @param userId as it was typed
 * @throws {Failure} `usage_error` for what is no user ID; `expected_user_unresolvable`
 */
export async function resolveUserHomeserver(
  userId: string,
  network: Asked,
  signal: AbortSignal,
): Promise<ExpectedUser> {
  return makeExpectedUser(userIdOf(userId), async (serverName) => {
    network.urlPolicy.noteOwn(serverName);
    try {
      return await resolveServerName(serverName, network, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      const { hint } = error.details;
      throw new Failure(
        "expected_user_unresolvable",
        `The homeserver of ${escapeText(userId)} can't be determined: ${error.message}`,
        { cause: error, ...(hint === undefined ? {} : { hint }) },
      );
    }
  });
}

/**
 * Matrix specification, Client-Server API §Well-known URI. What its steps call FAIL_PROMPT and FAIL_ERROR
 * are failures here: guessing on would lead to a server that the name doesn't vouch for.
 */
async function resolveServerName(serverName: string, network: Asked, signal: AbortSignal): Promise<URL> {
  const named = locate(serverName);
  const response = await askWellKnown(named.wellKnown, network, signal);
  const isDelegated = response.status !== 404;
  const baseUrl = isDelegated ? readBaseUrl(named.wellKnown, response, network.urlPolicy) : named.baseUrl;
  const found = await lookForHomeserver(network.http, baseUrl, signal);
  if ("info" in found) return baseUrl;
  throw noHomeserver(
    baseUrl,
    found.instead,
    isDelegated
      ? `${named.wellKnown.href} names that address: its admin has to repair one of the two.`
      : `Check the name: it is what follows the colon in @you:example.org. If the homeserver of ${serverName} has another address, its admin has to name it at ${named.wellKnown.href}; meanwhile give that base URL instead.`,
  );
}

/** The base URL that the host of a URL names as a server name, if it does and a homeserver answers there. */
async function delegatedBy(url: URL, network: Asked, signal: AbortSignal): Promise<URL | undefined> {
  if (url.pathname !== "/") return undefined;
  try {
    const { wellKnown } = locate(url.host);
    const response = await askWellKnown(wellKnown, network, signal);
    const baseUrl = readBaseUrl(wellKnown, response, network.urlPolicy);
    if (baseUrl.href === url.href) return undefined;
    return "info" in (await lookForHomeserver(network.http, baseUrl, signal)) ? baseUrl : undefined;
  } catch (error) {
    // What is wrong with the URL itself says more.
    signal.throwIfAborted();
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

function askWellKnown(url: URL, { http }: Asked, signal: AbortSignal): Promise<HttpResponse> {
  return http.send({ method: "GET", url, followRedirects: true, final: ["text"], signal });
}

/** The .well-known file is on the name's standard port (step 3); a loopback name has no other than its own. */
function locate(serverName: string): { wellKnown: URL; baseUrl: URL } {
  const file = ".well-known/matrix/client";
  const baseUrl = new URL(`https://${serverName}/`);
  if (isLoopback(baseUrl.hostname)) {
    const plain = new URL(`http://${serverName}/`);
    return { wellKnown: new URL(file, plain), baseUrl: plain };
  }
  return { wellKnown: new URL(file, `https://${baseUrl.hostname}/`), baseUrl };
}

const MEANWHILE = "meanwhile give the homeserver's base URL instead, like https://matrix.example.org.";

function readBaseUrl(url: URL, response: HttpResponse, urlPolicy: UrlPolicy): URL {
  const hint = `Its admin has to repair that file (Synapse serves it where public_baseurl is set); ${MEANWHILE}`;
  if (response.status !== 200) {
    throw oddAnswer(url, response).with({
      hint: `It should name the homeserver, or be missing (404): ${MEANWHILE}`,
    });
  }
  const parsed = v.safeParse(WellKnown, response.json);
  if (!parsed.success) {
    const what = isWebPage(response) ? "is a web page, and names no homeserver" : "names no homeserver";
    throw new Failure("server_error", `${escapeText(url.href)} ${what}.`, { hint });
  }
  const { base_url } = parsed.output["m.homeserver"];
  try {
    return toBaseUrl(base_url, urlPolicy, url);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const message = `${escapeText(url.href)} names a homeserver that can't be used. ${error.message}`;
    throw new Failure(error.code, message, { hint, cause: error });
  }
}
