import type { ChannelVersion, Qr } from "../foundation/events.js";
import type { Waiting } from "./waiting.js";

/** A code that can be scanned, and how long it can. */
export interface CurrentCode {
  readonly event: Qr;
  readonly waiting: Waiting;
  /** There was one of its channel before. */
  readonly isNew: boolean;
}

/** Long enough to read a path. */
const NOTICE_MS = 10_000;

/** The current code of each channel, of which one is in sight: that of released apps, until somebody wants the other. */
export class CodesOnShow {
  readonly #codes = new Map<ChannelVersion, CurrentCode>();
  #chosen: ChannelVersion = "msc4108-2024";
  #notice: { readonly text: string; readonly until: number } | undefined;

  put(event: Qr, waiting: Waiting): void {
    this.#codes.set(event.channel, { event, waiting, isNew: this.#codes.has(event.channel) });
  }

  get current(): CurrentCode | undefined {
    return this.#codes.get(this.#chosen) ?? this.#codes.values().next().value;
  }

  get hasOther(): boolean {
    return this.#codes.size > 1;
  }

  /** Brings the other code up, where there is one. */
  switch(): void {
    const shown = this.current?.event.channel;
    const other = [...this.#codes.keys()].find((channel) => channel !== shown);
    if (other) this.#chosen = other;
  }

  /** Something to tell of the code for a moment. */
  notify(text: string, now: number): void {
    this.#notice = { text, until: now + NOTICE_MS };
  }

  noticeAt(now: number): string | undefined {
    return this.#notice && now < this.#notice.until ? this.#notice.text : undefined;
  }

  /** They were scanned, or are of no use any more. */
  clear(): void {
    this.#codes.clear();
    this.#notice = undefined;
  }
}
