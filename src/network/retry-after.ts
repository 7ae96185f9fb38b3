import type { Clock } from "../foundation/clock.js";
import type { HttpResponse } from "./http.js";

/** No server can ask for more: whoever waits looks again after that. */
const LONGEST_WAIT_MS = 60_000;

/** How long a server asks to wait, in milliseconds; a minute at most, and 0 where it asks nothing. */
export function retryAfterMs(...asked: Parameters<typeof askedWaitMs>): number {
  return Math.min(askedWaitMs(...asked), LONGEST_WAIT_MS);
}

/**
 * What it asks, unbounded, to be told: by `Retry-After`, in seconds or as a date (RFC 9110 §10.2.3), or by `retry_after_ms` in the body, which Matrix had before.
 */
export function askedWaitMs(answer: Pick<HttpResponse, "header" | "json">, clock: Clock): number {
  const header = answer.header("retry-after")?.trim();
  if (header !== undefined && /^\d+(?:\.\d+)?$/.test(header)) return Number(header) * 1_000;
  if (header !== undefined) {
    // The date is the server's, and so is the time to count it from.
    const now = Date.parse(answer.header("date") ?? "");
    const wait = Date.parse(header) - (Number.isNaN(now) ? clock.date().getTime() : now);
    if (!Number.isNaN(wait)) return Math.max(0, wait);
  }
  const field = (answer.json as { retry_after_ms?: unknown } | null | undefined)?.retry_after_ms;
  const ms = typeof field === "string" ? Number(field) : field;
  return typeof ms === "number" && ms > 0 ? ms : 0;
}
