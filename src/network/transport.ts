/** One try of a request, over the wire or from a test. */
export type Transport = (request: TransportRequest) => Promise<TransportAnswer>;

export interface TransportRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Upper bound of the answer's body in bytes. */
  readonly maxBytes: number;
  /** Whether it goes over a connection that is opened for it and closed after it. */
  readonly ownConnection?: boolean;
  readonly signal: AbortSignal;
}

export interface TransportAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

interface TransportErrorOptions {
  readonly mayHaveBeenSent: boolean;
  readonly worthRepeating?: boolean;
  readonly hint?: string;
  readonly cause?: unknown;
}

/** No answer came. The message goes on where "example.org can't be reached:" ends. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  /** False where the server certainly saw nothing of the request. */
  readonly mayHaveBeenSent: boolean;
  /** False for what won't pass by itself; but a host that was reached before will come back. */
  readonly worthRepeating: boolean;
  readonly hint: string | undefined;

  constructor(message: string, options: TransportErrorOptions) {
    super(message, { cause: options.cause });
    this.mayHaveBeenSent = options.mayHaveBeenSent;
    this.worthRepeating = options.worthRepeating ?? true;
    this.hint = options.hint;
  }
}

/** The answer's body is larger than the request allows. */
export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge";
}
