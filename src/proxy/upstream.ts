import type { Clock } from "../foundation/clock.js";
import type { Secret } from "../foundation/secret.js";
import type { StreamAnswer, StreamTransport } from "../network/streams.js";
import type { Trace } from "../network/trace.js";
import { TransportError } from "../network/transport.js";
import type { EmitProxyEvent } from "./events.js";
import { GrowingPause } from "./pace.js";

/** Answers of what stands in front of a homeserver that is away, or of one that is about to be. */
const AWAY: readonly number[] = [502, 503, 504];
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** A request for the homeserver, but for its token. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query, as they came: they are put behind the base URL, never resolved against it. */
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly body: Parameters<StreamTransport["send"]>[0]["body"];
  readonly signal: AbortSignal;
}

export interface UpstreamOptions {
  readonly baseUrl: URL;
  readonly transport: StreamTransport;
  readonly clock: Clock;
  readonly emit: EmitProxyEvent;
  readonly trace?: Trace | undefined;
}

/** The session's homeserver, which alone its tokens are sent to, and whether it can be reached. */
export class Upstream {
  readonly #options: UpstreamOptions;
  readonly #pause = new GrowingPause(FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  #isReachable = true;

  constructor(options: UpstreamOptions) {
    this.#options = options;
  }

  get isReachable(): boolean {
    return this.#isReachable;
  }

  /** How long to pause after an answer that shows the homeserver as away, in milliseconds; each time longer. */
  nextPauseMs(): number {
    return this.#pause.next();
  }

  /**
   * Sends it once.
   *
   * @throws {TransportError} where no answer came
   * @throws the signal's reason
   */
  async send(request: UpstreamRequest, token: Secret): Promise<StreamAnswer> {
    const { baseUrl, transport, clock, trace } = this.#options;
    const { method, target, rawHeaders, body, signal } = request;
    const startedAt = clock.now();
    const tell = (end: { status?: number; error?: string }) =>
      trace?.({
        at: clock.date(),
        method,
        url: new URL(`${baseUrl.origin}${target.replace(/\?.*$/s, "")}`),
        tries: 1,
        ms: clock.now() - startedAt,
        sentBytes: Buffer.isBuffer(body) ? body.length : 0,
        ...end,
      });
    try {
      const answer = await transport.send({
        method,
        origin: baseUrl,
        target: `${baseUrl.pathname.replace(/\/$/, "")}${target}`,
        rawHeaders: [...rawHeaders, "authorization", `Bearer ${token.reveal()}`],
        body,
        signal,
      });
      tell({ status: answer.status });
      this.#noteReachable(!isAway(answer));
      return answer;
    } catch (error) {
      tell({ error: error instanceof TransportError ? error.message : "given up" });
      if (error instanceof TransportError) this.#noteReachable(false);
      throw error;
    }
  }

  #noteReachable(isReachable: boolean): void {
    if (isReachable) this.#pause.reset();
    if (isReachable === this.#isReachable) return;
    this.#isReachable = isReachable;
    this.#options.emit({ event: "upstream", reachable: isReachable });
  }
}

/** Whether an answer isn't the homeserver's own, or says that there is none to be had for now. */
export function isAway({ status }: Pick<StreamAnswer, "status">): boolean {
  return AWAY.includes(status);
}
