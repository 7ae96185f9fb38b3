import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { StreamAnswer } from "../network/streams.js";
import { answeredHeaders } from "./headers.js";

/** How answers are written to the program that asked. */

/** An answer of the proxy's own. */
export interface OwnAnswer {
  readonly status: number;
  readonly body: object;
  /** For how long to stay away, in milliseconds. */
  readonly retryAfterMs?: number;
}

export function matrixError(
  status: number,
  errcode: string,
  error: string,
  retryAfterMs?: number,
): OwnAnswer {
  return {
    status,
    body: { errcode, error, ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }) },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

export function sendOwn(response: ServerResponse, { status, body, retryAfterMs }: OwnAnswer): void {
  if (response.destroyed || response.headersSent) return;
  if (retryAfterMs !== undefined) response.setHeader("retry-after", Math.ceil(retryAfterMs / 1_000));
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}

/**
 * Hands an answer on as it comes, no faster than it is read.
 *
 * @throws {Error} where either connection broke
 * @throws the signal's reason
 */
export async function sendOn(
  response: ServerResponse,
  { status, rawHeaders, body }: StreamAnswer,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(status, answeredHeaders(rawHeaders));
  // Long polls and event streams: whoever waits sees that something has begun.
  response.flushHeaders();
  for await (const chunk of body) {
    if (!response.write(chunk)) await once(response, "drain", { signal });
  }
  response.end();
}
