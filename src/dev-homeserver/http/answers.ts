/** What a handler gives back. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * For every answer that a script may read (Matrix specification, Client-Server API §Web Browser Clients).
 * The pages for people go without.
 */
export const CORS_HEADERS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS",
  "access-control-allow-headers": "X-Requested-With, Content-Type, Authorization",
} as const;

export function json(status: number, body: unknown): Answer {
  return {
    status,
    headers: { ...CORS_HEADERS, "content-type": "application/json", "cache-control": "no-store" },
    body: JSON.stringify(body),
  };
}

/** An answer other than the one a handler is there for. Thrown, so that a handler reads straight down. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(answer.body);
    this.answer = answer;
  }
}

/** A Matrix standard error response. */
export function matrixError(status: number, errcode: string, error: string, more: object = {}): Refusal {
  return new Refusal(json(status, { errcode, error, ...more }));
}

/** An OAuth error response (RFC 6749 §5.2, RFC 7591 §3.2.2). */
export function oauthError(status: number, error: string, description: string): Refusal {
  return new Refusal(json(status, { error, error_description: description }));
}
