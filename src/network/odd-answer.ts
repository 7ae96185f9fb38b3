import type { Clock } from "../foundation/clock.js";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { shownHost } from "../foundation/shown-host.js";
import type { HttpResponse } from "./http.js";
import { askedWaitMs } from "./retry-after.js";

/** An answer that is of no use, put into words: which URL, which status, what came instead, and what can be done. */
type OddAnswer = Pick<HttpResponse, "status" | "header" | "text" | "json">;

/** The `errcode` of a Matrix error. */
export function errorCodeOf({ json }: Pick<HttpResponse, "json">): string | undefined {
  const code = (json as { errcode?: unknown } | null | undefined)?.errcode;
  return typeof code === "string" ? code : undefined;
}

/**
 * What the server says of its refusal, in parentheses and fit to be shown, or "": the members of a Matrix or an OAuth
 * error (RFC 6749 §5.2, RFC 7591 §3.2.2), or a text that isn't a page.
 */
export function quotedReason(answer: Pick<HttpResponse, "json" | "text">): string {
  const { error, error_description } = (answer.json ?? {}) as Record<string, unknown>;
  const members = [errorCodeOf(answer), error, error_description].filter((text) => typeof text === "string");
  // Tuwunel repeats the code in `error`.
  const told = members.filter((text, at) => !members[at + 1]?.startsWith(`${text}:`));
  const isText = answer.json === undefined && !isMarkup(answer.text);
  const said = isText ? answer.text.trim() : told.join(": ");
  return said === "" ? "" : ` (${escapeText(said)})`;
}

/** Whether a web page came. */
export function isWebPage({ json, text, header }: Omit<OddAnswer, "status">): boolean {
  if (json !== undefined) return false;
  return isMarkup(text) || (text.trim() !== "" && /^text\/html\b/i.test(header("content-type") ?? ""));
}

/** Where a redirect leads to, without query and fragment; undefined for what is none. */
export function redirectOf(url: URL, { status, header }: OddAnswer): URL | undefined {
  const location = header("location");
  if (status < 300 || status >= 400 || location === undefined) return undefined;
  if (!URL.canParse(location, url.href)) return undefined;
  const target = new URL(location, url);
  if (!/^https?:$/.test(target.protocol)) return undefined;
  target.search = "";
  target.hash = "";
  target.username = "";
  target.password = "";
  return target;
}

const MAX_WAIT_MS = 24 * 60 * 60 * 1_000;

/** `server_error` for an answer that has no other meaning to whoever asked. */
export function oddAnswer(url: URL, answer: OddAnswer): Failure {
  const message = `${shownHost(url)} answers ${shortPath(url)} with ${describeAnswer(url, answer)}.`;
  const hint = hintFor(url, answer);
  return new Failure("server_error", message, hint === undefined ? {} : { hint });
}

/** `server_error` for a success that says something else than it should. */
export function unusable(url: URL): Failure {
  const message = `${shownHost(url)} gives an answer to ${shortPath(url)} that can't be used.`;
  return new Failure("server_error", message, { hint: IT_WILL_STAY });
}

/** `server_error` for a server that limits how often it is asked (429), or that asks to come back later. */
export function tryLater(url: URL, answer: OddAnswer, clock: Clock): Failure {
  const waitMs = askedWaitMs(answer, clock);
  const failure =
    answer.status === 429
      ? new Failure(
          "server_error",
          `${shownHost(url)} limits how often it is asked, and takes no more requests for now (429).`,
          { hint: "Too many came from this address. Try again in a few minutes." },
        )
      : oddAnswer(url, answer);
  if (waitMs <= 0) return failure;
  if (waitMs > MAX_WAIT_MS) return failure.with({ hint: "It asks to be left alone for more than a day." });
  return failure.with({
    hint: `It asks to be left alone for ${seconds(waitMs)}: try again at ${timeOfDay(clock, waitMs)}.`,
  });
}

/** The endpoint without the base path and the IDs in it. */
function shortPath(url: URL): string {
  const path = url.pathname.replace(/^.*\/_matrix\/client\//, "/");
  return escapeText(path.replace(/(\/(?:devices|rendezvous)\/).+/, "$1…"));
}

/** What came, as the rest of "It answers with". */
export function describeAnswer(url: URL, answer: OddAnswer): string {
  const { status } = answer;
  const challenge = challengeOf(answer);
  if (challenge !== undefined) return `${status} (${challenge})`;
  const target = redirectOf(url, answer);
  if (target !== undefined) return `${status}, a redirect to ${escapeText(target.href)}`;
  const isSuccess = status >= 200 && status < 300;
  if (isWebPage(answer)) return isSuccess ? "a web page instead of JSON" : `${status} (a web page)`;
  if (!isSuccess) return `${status}${quotedReason(answer)}`;
  if (answer.text.trim() === "") return "nothing";
  return answer.json === undefined ? "something that isn't JSON" : "JSON that can't be used";
}

/** Something in front of a server that lets in only whoever does what it asks. */
function challengeOf({ status, header, text, json }: OddAnswer): string | undefined {
  if (header("cf-mitigated") === "challenge") return BROWSER_CHECK;
  if (status >= 400 && json === undefined && /\b(?:cf-chl|challenge-platform|anubis|captcha)/i.test(text)) {
    return BROWSER_CHECK;
  }
  const scheme = /^\s*(Basic|Digest|Negotiate|NTLM)\b/i.exec(header("www-authenticate") ?? "")?.[1];
  return status === 401 && scheme !== undefined ? `it asks for a password, by ${scheme}` : undefined;
}

const BROWSER_CHECK = "a check that only browsers pass";
const IT_WILL_STAY = "Trying again won't change it: ask the server's admin.";
const PATHS = "/_matrix and /.well-known/matrix";

/** What can be done; undefined where nothing is known but what holds for all such failures. */
function hintFor(url: URL, answer: OddAnswer): string | undefined {
  const { status, json } = answer;
  if (challengeOf(answer) !== undefined) {
    return `That is something in front of the server, and not the server itself: its admin has to let requests to ${PATHS} through.`;
  }
  const target = redirectOf(url, answer);
  if (target !== undefined) return `Redirects aren't followed here: use ${escapeText(target.origin)} itself.`;
  if ([502, 503, 504].includes(status) || (status >= 520 && status <= 530)) {
    return "Something in front of the server answers, and the server itself doesn't: try again in a few minutes. If it stays so, its admin has to look.";
  }
  if (status >= 500) return "The server has a fault: try again later. If it stays so, its admin has to look.";
  if (isWebPage(answer) || (status === 403 && json === undefined)) {
    return `Trying again won't change it. If the address is right, its admin has to pass requests to ${PATHS} on to the homeserver.`;
  }
  if (status >= 400 || json !== undefined) return IT_WILL_STAY;
  return undefined;
}

function isMarkup(text: string): boolean {
  return text.trimStart().startsWith("<");
}

function seconds(ms: number): string {
  const whole = Math.ceil(ms / 1_000);
  return whole < 120 ? `${whole} s` : `${Math.ceil(whole / 60)} min`;
}

/** By the clock on the wall, where the run is. */
function timeOfDay(clock: Clock, laterMs: number): string {
  return new Date(clock.date().getTime() + laterMs).toTimeString().slice(0, 8);
}
