import type { Secret } from "../foundation/secret.js";

/** One request. Nothing in it is ever logged but method, URL without query, and sizes. */
export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Sent as a Bearer token, and nowhere else. */
  readonly accessToken?: Secret;
  /** Upper bound of the answer's body in bytes; 1 MiB by default. */
  readonly maxBytes?: number;
  /** Whether redirects to https URLs are followed (.well-known only); never by default. */
  readonly followRedirects?: boolean;
  /** A status 200-299 whose body is not JSON counts as unreadable; on by default. */
  readonly expectJson?: boolean;
  /** No try starts and no pause ends after this time on the clock. */
  readonly deadline?: number;
  readonly signal?: AbortSignal;
  /** Sent over a connection that is opened for it and closed after it; by default, one that is open is used. */
  readonly ownConnection?: boolean;
  /**
   * What is an answer here although it would be repeated by default: statuses (5xx, 429), and a `text` as a success that
   * is whole and not JSON, like a web page, which won't change.
   */
  readonly final?: readonly (number | "text")[];
}

/** An answer below 500 and not 429, or one that the request names as `final`. */
export interface HttpResponse {
  readonly status: number;
  header(name: string): string | undefined;
  readonly text: string;
  /** The parsed body; undefined where it is not JSON. Not yet validated. */
  readonly json: unknown;
  /**
   * True where an earlier try of this request may have been acted on without our learning how: its answer was
   * lost, unreadable or 5xx.
   */
  readonly repeatedAfterLoss: boolean;
}

/**
 * Sends requests, repeats them after a lost, unreadable, 429 or 5xx answer for up to 10 s from the first of
 * these, and refuses URLs that are neither https nor allowed plain http.
 */
export interface HttpClient {
  /**
   * @throws {Failure} `network_error` or `server_error` when repeating has not helped, `url_refused`; and the
   *   signal's reason when that is aborted
   */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Closes idle connections. */
  close(): Promise<void>;
}
