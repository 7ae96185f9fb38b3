import type { Clock } from "../foundation/clock.js";
import { Failure } from "../foundation/failures.js";
import type { Secret } from "../foundation/secret.js";
import { additionalData } from "../protocol/additional-data.js";
import {
  type Pace,
  type Received,
  type RendezvousSession,
  unlessRead,
  usedCode,
  type WriteOutcome,
} from "../protocol/rendezvous-session.js";
import { AS_POLL, Lifetime } from "./lifetime.js";
import {
  type Msc4388Api,
  type Refusal,
  type RendezvousPayload,
  refusedBy,
  withoutRendezvous,
} from "./msc4388-api.js";

/** A rendezvous session of MSC4388, from either device's side. */
export class Msc4388Session implements RendezvousSession {
  readonly channel = "msc4388";
  readonly id: string;
  /** The base URL as messages are bound to it. */
  readonly #boundUrl: string;
  readonly #api: Msc4388Api;
  readonly #clock: Clock;
  readonly #lifetime: Lifetime;
  /** The token of the last GET, at first of the POST. */
  #seen: string;
  /** The token of our last PUT or of the POST; S has written nothing yet when it joins. */
  #written: string | undefined;
  /** The token of what is in the slot, as far as we know. */
  #current: string;
  /** Whether it is ours to delete: made by this device, or, as far as we know, written to by it. */
  #isOurs: boolean;

  private constructor(
    api: Msc4388Api,
    clock: Clock,
    lifetime: Lifetime,
    { id, boundUrl }: { readonly id: string; readonly boundUrl: string },
    tokens: { readonly seen: string; readonly written?: string },
  ) {
    this.#api = api;
    this.#clock = clock;
    this.#lifetime = lifetime;
    this.id = id;
    this.#boundUrl = boundUrl;
    this.#seen = tokens.seen;
    this.#current = tokens.seen;
    this.#written = tokens.written;
    this.#isOurs = tokens.written !== undefined;
  }

  /**
   * Device G: makes the session, with an empty payload (MSC4388 §Secure channel, step 2). Messages are bound to
   * the base URL in its WHATWG serialisation, in which G writes it into its QR code too.
   *
   * @param accessToken sent where the device has one, since the server may ask for it
   * @throws {Failure} `homeserver_without_rendezvous`
   */
  static async create(
    api: Msc4388Api,
    clock: Clock,
    accessToken: Secret | undefined,
    signal: AbortSignal,
  ): Promise<Msc4388Session> {
    const sentAt = clock.now();
    const answer = await api.create("", { signal, ...(accessToken ? { accessToken } : {}) });
    if ("refused" in answer) throw withoutRendezvous(api.baseUrl, answer.refused);
    const { id, sequence_token: token, expires_in_ms } = answer.ok;
    const lifetime = new Lifetime(clock, api.budget, api.baseUrl, sentAt, expires_in_ms);
    const boundUrl = api.baseUrl.href;
    return new Msc4388Session(api, clock, lifetime, { id, boundUrl }, { seen: token, written: token });
  }

  /**
   * Device S: looks at the session of the QR code for the first time (MSC4388 §Secure channel, step 4).
   *
   * @param id the rendezvous ID of the QR code
   * @param boundUrl the base URL as G binds its messages to it, which may be spelt otherwise than what is asked
   * @returns the session, or undefined where the server doesn't know this API
   * @throws {Failure} `rendezvous_expired`, and `concurrent_write` where somebody has scanned the code before
   */
  static async join(
    api: Msc4388Api,
    clock: Clock,
    { id, boundUrl }: { readonly id: string; readonly boundUrl: string },
    signal: AbortSignal,
  ): Promise<Msc4388Session | undefined> {
    const sentAt = clock.now();
    const answer = await api.get(id, { signal });
    if ("refused" in answer) {
      if (answer.refused.errcode === "M_UNRECOGNIZED") return undefined;
      if (answer.refused.status === 404) throw new Failure("rendezvous_expired");
      throw refusedBy(api.baseUrl, answer.refused);
    }
    if (answer.ok.data !== "") throw usedCode();
    const lifetime = new Lifetime(clock, api.budget, api.baseUrl, sentAt, answer.ok.expires_in_ms);
    return new Msc4388Session(api, clock, lifetime, { id, boundUrl }, { seen: answer.ok.sequence_token });
  }

  get expiresAt(): number {
    return this.#lifetime.expiresAt;
  }

  /** MSC4388 §Secure channel, step 4: bound to the token of the last GET, at first to that of the POST. */
  get additionalData(): Uint8Array {
    return this.#boundTo(this.#seen);
  }

  async write(data: string, signal: AbortSignal): Promise<WriteOutcome> {
    const wasOurs = this.#isOurs;
    this.#isOurs = true;
    const answer = await this.#lifetime.inTime(signal, (inTime) =>
      this.#api.put(this.id, this.#seen, data, inTime),
    );
    this.#isOurs = wasOurs || "ok" in answer || answer.repeatedAfterLoss;
    if ("ok" in answer) {
      this.#noteWritten(answer.ok.sequence_token);
      return { written: true };
    }
    // Our data may have been there: whoever reads a last message deletes the session.
    if (answer.refused.status === 404 && answer.repeatedAfterLoss) throw new Failure("delivery_unknown");
    if (answer.refused.status !== 409) throw this.#lost(answer.refused);
    const payload = await this.#get(signal).catch((error: unknown) => {
      throw answer.repeatedAfterLoss ? unlessRead(error) : error;
    });
    if (payload.data === data) {
      this.#noteWritten(payload.sequence_token);
      return { written: true };
    }
    const sealedWith = this.#likely(this.#seen, this.#written);
    this.#noteSeen(payload.sequence_token);
    return {
      written: false,
      found: { data: payload.data, sealedWith },
      mayHaveBeenRead: answer.repeatedAfterLoss,
    };
  }

  waitForChange(pace: Pace, signal: AbortSignal): Promise<Received> {
    return this.#lifetime.poll(pace, signal, async () => {
      const { data, sequence_token: token } = await this.#get(signal, AS_POLL);
      if (token === this.#current) return undefined;
      const sealedWith = this.#likely(this.#written ?? this.#seen, this.#seen);
      this.#noteSeen(token);
      return { data, sealedWith };
    });
  }

  async waitUntilGone(signal: AbortSignal): Promise<void> {
    await this.#lifetime.poll("machine", signal, async () => {
      const answer = await this.#lifetime.inTime(signal, (inTime) =>
        this.#api.get(this.id, { ...inTime, ...AS_POLL }),
      );
      if (!("refused" in answer)) return undefined;
      if (answer.refused.throttled) throw answer.refused.throttled;
      return answer.refused.status === 404 ? true : undefined;
    });
  }

  async delete(signal: AbortSignal): Promise<void> {
    if (!this.#isOurs) return;
    const answer = await this.#api.delete(this.id, { signal });
    if ("refused" in answer && answer.refused.status !== 404) throw this.#lost(answer.refused);
  }

  async #get(signal: AbortSignal, how: Partial<typeof AS_POLL> = {}): Promise<RendezvousPayload> {
    const sentAt = this.#clock.now();
    const answer = await this.#lifetime.inTime(signal, (inTime) =>
      this.#api.get(this.id, { ...inTime, ...how }),
    );
    if ("refused" in answer) throw answer.refused.throttled ?? this.#lost(answer.refused);
    this.#lifetime.renew(sentAt, answer.ok.expires_in_ms);
    return answer.ok;
  }

  #noteWritten(token: string): void {
    this.#isOurs = true;
    this.#written = token;
    this.#current = token;
  }

  #noteSeen(token: string): void {
    this.#seen = token;
    this.#current = token;
  }

  #boundTo(token: string): Uint8Array {
    return additionalData(this.#boundUrl, this.id, token);
  }

  #likely(first: string, other: string | undefined): [Uint8Array, ...Uint8Array[]] {
    const others = other === undefined || other === first ? [] : [this.#boundTo(other)];
    return [this.#boundTo(first), ...others];
  }

  /** What a refusal of a session that was there before means. */
  #lost(refusal: Refusal): Failure {
    return refusal.status === 404 ? this.#lifetime.gone() : refusedBy(this.#api.baseUrl, refusal);
  }
}
