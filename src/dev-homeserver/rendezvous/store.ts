import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "../../foundation/clock.js";
import { type RendezvousBehaviour, SPECIFICATION } from "../behaviour.js";

/** What a rendezvous session shows to whoever knows its ID. */
export interface RendezvousState {
  readonly id: string;
  readonly data: string;
  readonly sequenceToken: string;
  readonly expiresInMs: number;
}

interface Session {
  readonly id: string;
  expiresAt: number;
  data: string;
  writes: number;
  sequenceToken: string;
  /** The one before. */
  previousToken?: string;
}

/** The live rendezvous sessions (MSC4388 §Insecure rendezvous session). */
export class RendezvousStore {
  readonly #clock: Clock;
  readonly #lifetimeMs: number;
  readonly #behaviour: RendezvousBehaviour;
  readonly #sessions = new Map<string, Session>();

  /** @param behaviour where it differs from the specification */
  constructor(clock: Clock, lifetimeMs: number, behaviour: Partial<RendezvousBehaviour> = {}) {
    this.#clock = clock;
    this.#lifetimeMs = lifetimeMs;
    this.#behaviour = { ...SPECIFICATION.rendezvous, ...behaviour };
  }

  /** @returns the session, or, where there are too many, the milliseconds until the next one ends */
  create(data: string): RendezvousState | { readonly retryAfterMs: number } {
    const { capacity, whenFull } = this.#behaviour;
    if (whenFull === "drop_older_half") this.#makeRoom();
    const [oldest] = this.live();
    if (oldest && this.#sessions.size >= capacity) return { retryAfterMs: oldest.expiresInMs };
    const id = randomBytes(16).toString("base64url");
    const session: Session = {
      id,
      expiresAt: this.#clock.now() + this.#lifetimeMs,
      data,
      writes: 0,
      sequenceToken: sequenceToken(id, 0, data),
    };
    this.#sessions.set(id, session);
    return this.#state(session);
  }

  get(id: string): RendezvousState | undefined {
    const session = this.#find(id);
    return session && this.#state(session);
  }

  /**
   * Compare-and-swap. A repeated write whose first answer was lost is acknowledged again: the token is an old
   * one, but the data is what is there already (§The send mechanism).
   */
  put(id: string, token: string, data: string): RendezvousState | "not_found" | "concurrent_write" {
    const session = this.#find(id);
    if (!session) return "not_found";
    if (token === session.sequenceToken) {
      session.writes += 1;
      session.data = data;
      session.previousToken = token;
      session.sequenceToken = sequenceToken(id, session.writes, data);
      if (this.#behaviour.writesExtendLife) session.expiresAt = this.#clock.now() + this.#lifetimeMs;
    } else if (data !== session.data || !this.#mayRepeat(token, session)) {
      return "concurrent_write";
    }
    return this.#state(session);
  }

  /** @returns whether there was one */
  delete(id: string): boolean {
    return this.#find(id) !== undefined && this.#sessions.delete(id);
  }

  /** The sessions that have not expired, the oldest first. */
  live(): RendezvousState[] {
    return [...this.#sessions.keys()].flatMap((id) => this.get(id) ?? []);
  }

  clear(): void {
    this.#sessions.clear();
  }

  #makeRoom(): void {
    const live = this.live();
    const { capacity } = this.#behaviour;
    if (live.length < capacity) return;
    for (const { id } of live.slice(0, capacity / 2)) this.#sessions.delete(id);
  }

  #mayRepeat(token: string, { previousToken }: Session): boolean {
    return this.#behaviour.repeatedWrite === "any_token" || token === previousToken;
  }

  #find(id: string): Session | undefined {
    const session = this.#sessions.get(id);
    if (session && this.#clock.now() >= session.expiresAt) {
      this.#sessions.delete(id);
      return undefined;
    }
    return session;
  }

  #state(session: Session): RendezvousState {
    const { id, data, sequenceToken, expiresAt } = session;
    return { id, data, sequenceToken, expiresInMs: Math.ceil(expiresAt - this.#clock.now()) };
  }
}

/** §`sequence_token` values, "A recommended implementation". */
function sequenceToken(id: string, writes: number, data: string): string {
  return createHash("sha256")
    .update(JSON.stringify([id, writes, data]))
    .digest("base64url");
}
