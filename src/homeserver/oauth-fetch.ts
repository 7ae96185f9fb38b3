import * as oauth from "oauth4webapi";
import * as v from "valibot";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { shownHost } from "../foundation/shown-host.js";
import type { HttpClient, HttpRequest, HttpResponse } from "../network/http.js";
import { oddAnswer, unusable } from "../network/odd-answer.js";
import { Seconds } from "../protocol/answer-object.js";

const MAX_BYTES = 64 * 1024;

interface Request {
  body?: unknown;
  headers: Record<string, string>;
  method: string;
  signal?: AbortSignal | undefined;
}

interface ExchangeSettings extends Pick<HttpRequest, "deadline" | "final" | "expectJson" | "tryLimitMs"> {
  readonly signal: AbortSignal;
  /** What oauth4webapi expects as the status of a success. */
  readonly success?: 200 | 201;
  readonly onAnswer?: (response: HttpResponse) => void;
  /** Which members of a success oauth4webapi gets to see; all by default. */
  readonly shown?: (members: Readonly<Record<string, unknown>>) => object;
}

/**
 * Runs one OAuth request of oauth4webapi over the HTTP client, and lets it process the answer.
 *
 * @param endpoint its URL, held to the URL policy already
 * @param exchange makes the request with these options, and processes the response
 * @throws {oauth.ResponseBodyError} an OAuth error, of whatever 4xx status
 * @throws {Failure} `server_error` for an answer that is no OAuth answer, and what the HTTP client throws
 */
export async function exchangeOAuth<T>(
  http: HttpClient,
  endpoint: string,
  exchange: (options: ReturnType<typeof requestOptions>) => Promise<T>,
  settings: ExchangeSettings,
): Promise<T> {
  let answer: HttpResponse | undefined;
  const onAnswer = (response: HttpResponse) => {
    answer = response;
    settings.onAnswer?.(response);
  };
  try {
    return await exchange(requestOptions(http, endpoint, { ...settings, onAnswer }));
  } catch (error) {
    const isUnusable =
      error instanceof oauth.OperationProcessingError ||
      error instanceof oauth.UnsupportedOperationError ||
      error instanceof oauth.WWWAuthenticateChallengeError;
    if (!isUnusable) throw error;
    // The error isn't handed on as the cause: it holds the answer's body, tokens included.
    const url = new URL(endpoint);
    throw answer === undefined || answer.status < 300 ? unusable(url) : oddAnswer(url, answer);
  }
}

function requestOptions(
  http: HttpClient,
  endpoint: string,
  { success = 200, onAnswer, shown = (members) => members, ...request }: ExchangeSettings,
) {
  const send = async (url: string, { method, headers, body }: Request): Promise<Response> => {
    const response = await http.send({
      ...request,
      method: method as HttpRequest["method"],
      url: new URL(url),
      headers,
      body: String(body),
      maxBytes: MAX_BYTES,
    });
    onAnswer?.(response);
    return toFetchResponse(response, success, shown);
  };
  return {
    [oauth.customFetch]: send,
    [oauth.allowInsecureRequests]: new URL(endpoint).protocol === "http:",
  };
}

/**
 * The answer as oauth4webapi is strict about: registration is 201 in RFC 7591 §3.2.1 and 200 with some; null,
 * like an empty text, is no member at all; and an ID token, which was not asked for, is not to be validated. No member that counts
 * here is a list or an object, whose depth could be made a trouble. Seconds may be written as strings, and say nothing
 * where they can't be read.
 */
function toFetchResponse(
  { status, json }: HttpResponse,
  success: number,
  shown: NonNullable<ExchangeSettings["shown"]>,
): Response {
  const isSuccess = status >= 200 && status < 300;
  if (!isSuccess && status < 400) return Response.error();
  const members = typeof json === "object" && json !== null ? Object.entries(json) : [];
  const kept = members
    .filter(([name, value]) => typeof value !== "object" && name !== "id_token")
    .map(([name, value]) => [name, SECONDS.includes(name) ? secondsOf(value) : value] as const)
    .filter(([, value]) => value !== undefined && value !== "");
  const answer = Object.fromEntries(kept);
  if (!isSuccess) return Response.json(answer, { status });
  return Response.json(shown(answer), { status: success });
}

/** RFC 6749 §5.1, RFC 8628 §3.2: numbers. */
const SECONDS: readonly string[] = ["expires_in", "interval"];

function secondsOf(value: unknown): number | undefined {
  const seconds = v.safeParse(Seconds, value);
  return seconds.success ? seconds.output : undefined;
}

/** `server_error` that quotes an OAuth error (RFC 6749 §5.2). */
export function oauthRefusal(endpoint: string, what: string, error: oauth.ResponseBodyError): Failure {
  const said = [error.error, error.error_description].filter((text) => typeof text === "string").join(": ");
  return new Failure(
    "server_error",
    `${shownHost(new URL(endpoint))} refuses ${what} (${escapeText(said)}).`,
  );
}
