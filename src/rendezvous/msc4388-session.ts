import type { Clock } from "../clock.js";
import { Failure } from "../errors.js";
import {
  type Msc4388Api,
  type Refusal,
  type RendezvousPayload,
  refusedBy,
  withoutRendezvous,
} from "./msc4388-api.js";
import { pollPauses } from "./polling.js";
import type { Pace, Received, RendezvousSession, WriteOutcome } from "./session.js";

/** For a session that the server holds longer than any QR code should live. */
const MAX_LIFETIME_MS = 60 * 60 * 1000;

/** A rendezvous session of MSC4388, from either device's side. */
export class Msc4388Session implements RendezvousSession {
  readonly channel = "msc4388";
  readonly id: string;
  readonly #api: Msc4388Api;
  readonly #clock: Clock;
  #expiresAt = 0;
  /** The token of the last GET, at first of the POST. */
  #seen: string;
  /** The token of our last PUT or of the POST; S has written nothing yet when it joins. */
  #written: string | undefined;
  /** The token of what is in the slot, as far as we know. */
  #current: string;

  private constructor(api: Msc4388Api, clock: Clock, id: string, token: string, written: boolean) {
    this.#api = api;
    this.#clock = clock;
    this.id = id;
    this.#seen = token;
    this.#current = token;
    this.#written = written ? token : undefined;
  }

  /**
   * Device G: makes the session, with an empty payload (MSC4388 §Secure channel, step 2).
   *
   * @param accessToken sent where the device has one, since the server may ask for it
   * @throws {Failure} `homeserver_without_rendezvous`
   */
  static async create(
    api: Msc4388Api,
    clock: Clock,
    accessToken: string | undefined,
    signal: AbortSignal,
  ): Promise<Msc4388Session> {
    const sentAt = clock.now();
    const answer = await api.create("", { signal, ...(accessToken ? { accessToken } : {}) });
    if ("refused" in answer) throw withoutRendezvous(api.baseUrl, answer.refused);
    const session = new Msc4388Session(api, clock, answer.ok.id, answer.ok.sequence_token, true);
    session.#noteLifetime(sentAt, answer.ok.expires_in_ms);
    return session;
  }

  /**
   * Device S: looks at the session of the QR code for the first time (MSC4388 §Secure channel, step 4).
   *
   * @returns the session, or undefined where the server doesn't know this API
   * @throws {Failure} `rendezvous_expired`, and `concurrent_write` where somebody has scanned the code before
   */
  static async join(
    api: Msc4388Api,
    clock: Clock,
    id: string,
    signal: AbortSignal,
  ): Promise<Msc4388Session | undefined> {
    const sentAt = clock.now();
    const answer = await api.get(id, { signal });
    if ("refused" in answer) {
      if (answer.refused.errcode === "M_UNRECOGNIZED") return undefined;
      if (answer.refused.status === 404) throw new Failure("rendezvous_expired");
      throw refusedBy(api.baseUrl, answer.refused);
    }
    if (answer.ok.data !== "") {
      const message = "Somebody has used this QR code before: each one works once.";
      throw new Failure("concurrent_write", message);
    }
    const session = new Msc4388Session(api, clock, id, answer.ok.sequence_token, false);
    session.#noteLifetime(sentAt, answer.ok.expires_in_ms);
    return session;
  }

  get expiresAt(): number {
    return this.#expiresAt;
  }

  get lastSeenToken(): string {
    return this.#seen;
  }

  async write(data: string, signal: AbortSignal): Promise<WriteOutcome> {
    const answer = await this.#beforeExpiry(signal, (options) =>
      this.#api.put(this.id, this.#seen, data, options),
    );
    if ("ok" in answer) {
      this.#noteWritten(answer.ok.sequence_token);
      return { written: true };
    }
    if (answer.refused.status !== 409) throw this.#lost(answer.refused);
    const payload = await this.#get(signal);
    if (payload.data === data) {
      this.#noteWritten(payload.sequence_token);
      return { written: true };
    }
    const sealedUnder = distinct(this.#seen, this.#written);
    this.#noteSeen(payload.sequence_token);
    return {
      written: false,
      found: { data: payload.data, sealedUnder },
      mayHaveBeenRead: answer.repeatedAfterLoss,
    };
  }

  async waitForChange(pace: Pace, signal: AbortSignal): Promise<Received> {
    const pauses = pollPauses(pace);
    for (;;) {
      const payload = await this.#get(signal);
      if (payload.sequence_token !== this.#current) {
        const sealedUnder = distinct(this.#written, this.#seen);
        this.#noteSeen(payload.sequence_token);
        return { data: payload.data, sealedUnder };
      }
      await this.#pause(pauses.next().value, signal);
    }
  }

  async waitUntilGone(signal: AbortSignal): Promise<void> {
    const pauses = pollPauses("machine");
    for (;;) {
      const answer = await this.#beforeExpiry(signal, (options) => this.#api.get(this.id, options));
      if ("refused" in answer && answer.refused.status === 404) return;
      await this.#pause(pauses.next().value, signal);
    }
  }

  async delete(signal: AbortSignal): Promise<void> {
    const answer = await this.#api.delete(this.id, { signal });
    if ("refused" in answer && answer.refused.status !== 404) throw this.#lost(answer.refused);
  }

  async #get(signal: AbortSignal): Promise<RendezvousPayload> {
    const sentAt = this.#clock.now();
    const answer = await this.#beforeExpiry(signal, (options) => this.#api.get(this.id, options));
    if ("refused" in answer) throw this.#lost(answer.refused);
    this.#noteLifetime(sentAt, answer.ok.expires_in_ms);
    return answer.ok;
  }

  /** Sends a request that is of no use once the session has expired. */
  async #beforeExpiry<T>(
    signal: AbortSignal,
    send: (options: { signal: AbortSignal; deadline: number }) => Promise<T>,
  ): Promise<T> {
    if (this.#isExpired()) throw new Failure("rendezvous_expired");
    try {
      return await send({ signal, deadline: this.#expiresAt });
    } catch (error) {
      signal.throwIfAborted();
      if (this.#isExpired()) throw new Failure("rendezvous_expired", undefined, { cause: error });
      throw error;
    }
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const left = this.#expiresAt - this.#clock.now();
    await this.#clock.sleep(Math.min(ms, left), signal);
  }

  #isExpired(): boolean {
    return this.#clock.now() >= this.#expiresAt;
  }

  /** Counted from when the request was sent, so that our deadline is never later than the server's. */
  #noteLifetime(sentAt: number, expiresInMs: number): void {
    this.#expiresAt = sentAt + Math.min(expiresInMs, MAX_LIFETIME_MS);
  }

  #noteWritten(token: string): void {
    this.#written = token;
    this.#current = token;
  }

  #noteSeen(token: string): void {
    this.#seen = token;
    this.#current = token;
  }

  /** What a refusal of a session that was there before means. */
  #lost(refusal: Refusal): Failure {
    if (refusal.status !== 404) return refusedBy(this.#api.baseUrl, refusal);
    return new Failure(this.#isExpired() ? "rendezvous_expired" : "rendezvous_gone");
  }
}

function distinct(...tokens: readonly (string | undefined)[]): string[] {
  return [...new Set(tokens.filter((token) => token !== undefined))];
}
