import type { Clock } from "../foundation/clock.js";
import { Failure } from "../foundation/failures.js";
import { parseJson } from "../foundation/json.js";
import type { Environment } from "../foundation/machine.js";
import { shownHost } from "../foundation/shown-host.js";
import type { HttpClient, HttpRequest, HttpResponse } from "./http.js";
import { oddAnswer, tryLater } from "./odd-answer.js";
import { retryAfterMs } from "./retry-after.js";
import type { Trace } from "./trace.js";
import { BodyTooLarge, type Transport, type TransportAnswer, TransportError } from "./transport.js";
import type { ClosableTransport } from "./undici-transport.js";
import type { UrlPolicy } from "./url-policy.js";

const TRY_LIMIT_MS = 10_000;
const REPEAT_FOR_MS = 10_000;
/** A timer that comes this much too late is that of a process, or a machine, that was halted meanwhile. */
const HALTED_MS = 1_000;
/** What came while it was halted has to be read before anything is made of the time. */
const READING_MS = 500;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2_000;
const MAX_REDIRECTS = 5;
const DEFAULT_MAX_BYTES = 1024 * 1024;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

export interface HttpClientOptions {
  readonly clock: Clock;
  /** For the proxy variables. */
  readonly env: Environment;
  readonly urlPolicy: UrlPolicy;
  readonly userAgent: string;
  readonly trace?: Trace;
}

/** What sends requests is loaded beside other work from now on: there will be some. */
export function expectRequests(): void {
  // What can't be loaded is told of where it is needed.
  loadTransport().catch(() => undefined);
}

function loadTransport() {
  return import("./undici-transport.js");
}

export function createHttpClient(options: HttpClientOptions): HttpClient {
  let undici: Promise<ClosableTransport> | undefined;
  const connect = async () => (await loadTransport()).createUndiciTransport(options.env);
  const transport: Transport = async (request) => {
    undici ??= connect();
    return (await undici).send(request);
  };
  return new RepeatingHttpClient({ ...options, transport, close: async () => (await undici)?.close() });
}

export interface RepeatingHttpClientOptions extends Omit<HttpClientOptions, "env"> {
  readonly transport: Transport;
  close(): Promise<void>;
}

/** What one try came to: an answer to hand on, or a reason to try again. */
type Outcome =
  | {
      readonly kind: "answer";
      readonly answer: TransportAnswer;
      readonly text: string;
      readonly json: unknown;
    }
  | {
      readonly kind: "problem";
      readonly failure: Failure;
      readonly mayHaveActed: boolean;
      readonly worthRepeating: boolean;
      /** Undefined where nobody asked to wait. */
      readonly waitMs?: number;
    };

/** The policy of repeats, redirects and bounds; the transport does one try. */
export class RepeatingHttpClient implements HttpClient {
  readonly #options: RepeatingHttpClientOptions;
  /** A host that was reached once exists: its name not being found will pass. */
  readonly #reached = new Set<string>();

  constructor(options: RepeatingHttpClientOptions) {
    this.#options = options;
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    let url = this.#options.urlPolicy.check(request.url);
    for (let redirects = 0; ; redirects++) {
      const response = await this.#repeat(request, url);
      const location = response.header("location");
      if (!request.followRedirects || !REDIRECTS.includes(response.status) || location === undefined) {
        return response;
      }
      if (redirects === MAX_REDIRECTS) {
        throw new Failure("server_error", `${url.host} redirects more than ${MAX_REDIRECTS} times.`);
      }
      url = this.#redirect(url, location);
    }
  }

  close(): Promise<void> {
    return this.#options.close();
  }

  #redirect(from: URL, location: string): URL {
    if (!URL.canParse(location, from.href)) {
      throw new Failure("server_error", `${from.host} redirects to something that is not a URL.`);
    }
    const to = this.#options.urlPolicy.check(new URL(location, from), from);
    if (from.protocol === "https:" && to.protocol !== "https:") {
      throw new Failure("url_refused", `${from.host} redirects from https to plain http, which is refused.`);
    }
    return to;
  }

  async #repeat(request: HttpRequest, url: URL): Promise<HttpResponse> {
    const { clock } = this.#options;
    const { signal, deadline = Number.POSITIVE_INFINITY } = request;
    let repeatUntil: number | undefined;
    let problem: Failure | undefined;
    let repeatedAfterLoss = false;
    let pause = FIRST_PAUSE_MS;
    for (let tries = 1; ; tries++) {
      signal?.throwIfAborted();
      const left = Math.min(repeatUntil ?? Number.POSITIVE_INFINITY, deadline) - clock.now();
      if (left <= 0)
        throw problem ?? new Failure("network_error", `There is no time left to ask ${url.host}.`);

      const outcome = await this.#tryOnce(
        request,
        url,
        Math.min(request.tryLimitMs ?? TRY_LIMIT_MS, left),
        tries,
      );
      if (outcome.kind === "answer") {
        const { answer, text, json } = outcome;
        return { status: answer.status, header: headerOf(answer), text, json, repeatedAfterLoss };
      }

      problem = outcome.failure;
      repeatedAfterLoss ||= outcome.mayHaveActed;
      repeatUntil ??= clock.now() + REPEAT_FOR_MS;
      const atOnce = tries === 1 && request.repeatAtOnce && outcome.waitMs === undefined;
      const wait = atOnce ? 0 : Math.max(pause, outcome.waitMs ?? 0);
      const isTooLate = clock.now() + wait >= Math.min(repeatUntil, deadline);
      if (!outcome.worthRepeating || isTooLate) throw problem;
      await clock.sleep(wait, signal);
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    }
  }

  async #tryOnce(request: HttpRequest, url: URL, limitMs: number, tries: number): Promise<Outcome> {
    const { clock, trace } = this.#options;
    const startedAt = clock.now();
    const traceEnd = (end: { status?: number; error?: string; receivedBytes?: number }) =>
      trace?.({
        at: clock.date(),
        method: request.method,
        url,
        tries,
        ms: clock.now() - startedAt,
        sentBytes: Buffer.byteLength(request.body ?? ""),
        ...end,
      });
    try {
      const answer = await this.#limited(limitMs, request.signal, (signal) =>
        this.#options.transport({
          method: request.method,
          url,
          headers: this.#headers(request, url),
          ...(request.body === undefined ? {} : { body: request.body }),
          maxBytes: request.maxBytes ?? DEFAULT_MAX_BYTES,
          ownConnection: request.ownConnection ?? false,
          signal,
        }),
      );
      this.#reached.add(url.host);
      traceEnd({ status: answer.status, receivedBytes: answer.body.length });
      return this.#judgeAnswer(request, url, answer);
    } catch (error) {
      traceEnd({ error: error instanceof TransportError ? error.message : "given up" });
      request.signal?.throwIfAborted();
      if (error instanceof TransportError) return this.#judgeError(url, error);
      if (error instanceof BodyTooLarge) {
        throw new Failure("server_error", `${shownHost(url)} sent an answer that is too large.`);
      }
      throw error;
    }
  }

  #headers(request: HttpRequest, url: URL): Record<string, string> {
    const headers: Record<string, string> = {
      accept: "application/json",
      // Without it, any coding would do (RFC 9110 §12.5.3); what comes in one all the same is decoded.
      "accept-encoding": "identity",
      "user-agent": this.#options.userAgent,
      ...request.headers,
    };
    // A redirect must not carry the token away.
    if (request.accessToken !== undefined && url.origin === request.url.origin) {
      headers["authorization"] = `Bearer ${request.accessToken.reveal()}`;
    }
    return headers;
  }

  /** Runs one try, ending it by the signal, or by the time limit on the clock. */
  async #limited<T>(
    limitMs: number,
    signal: AbortSignal | undefined,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const limit = new AbortController();
    const done = new AbortController();
    const { clock } = this.#options;
    const timeUp = clock.now() + limitMs;
    const outOfTime = async () => {
      await clock.sleep(limitMs, done.signal);
      if (clock.now() > timeUp + HALTED_MS) await clock.sleep(READING_MS, done.signal);
      limit.abort(new TransportError("it doesn't answer in time", { mayHaveBeenSent: true }));
    };
    outOfTime().catch(() => {});
    try {
      return await run(signal ? AbortSignal.any([signal, limit.signal]) : limit.signal);
    } finally {
      done.abort();
    }
  }

  #judgeAnswer(request: HttpRequest, url: URL, answer: TransportAnswer): Outcome {
    const { status } = answer;
    const text = new TextDecoder().decode(answer.body);
    const json = parseJson(text);
    const isOverloaded = (status === 429 || status >= 500) && !request.final?.includes(status);
    const isUnreadable = status >= 200 && status < 300 && json === undefined && (request.expectJson ?? true);
    const odd = { status, header: headerOf(answer), text, json };
    const isFinal = request.final?.includes("text") && !isCutOff(text);
    if (!isOverloaded && (!isUnreadable || isFinal)) return { kind: "answer", answer, text, json };

    const { clock } = this.#options;
    const asked = isOverloaded ? retryAfterMs(odd, clock) : 0;
    return {
      kind: "problem",
      failure: isOverloaded ? tryLater(url, odd, clock) : oddAnswer(url, odd),
      mayHaveActed: status !== 429,
      worthRepeating: true,
      ...(status === 429 || asked > 0 ? { waitMs: asked } : {}),
    };
  }

  #judgeError(url: URL, error: TransportError): Outcome {
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    return {
      kind: "problem",
      failure: new Failure("network_error", `${shownHost(url)} can't be reached: ${error.message}.`, {
        cause: error,
        ...hint,
      }),
      mayHaveActed: error.mayHaveBeenSent,
      worthRepeating: error.worthRepeating || this.#reached.has(url.host),
    };
  }
}

/** JSON that lacks its end came from a server that meant to say more. */
function isCutOff(text: string): boolean {
  return /^\s*[{[]/.test(text);
}

function headerOf(answer: TransportAnswer): HttpResponse["header"] {
  return (name) => answer.headers[name.toLowerCase()];
}
