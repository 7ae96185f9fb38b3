import type { HttpClient, HttpRequest, HttpResponse } from "../../src/network/http.js";

/** An answer as the HTTP client hands it on; without JSON, `json` is a text. */
export interface FakeReply {
  readonly status?: number;
  readonly json?: unknown;
  /** By lower-case name. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly repeatedAfterLoss?: boolean;
}

type Route = FakeReply | Error | ((request: HttpRequest) => FakeReply | Promise<FakeReply>);

/**
 * Answers by `METHOD URL`. A list of replies is used up in order, its last one again and again; what has no
 * route is 404 M_UNRECOGNIZED.
 */
export class FakeHttp implements HttpClient {
  readonly requests: HttpRequest[] = [];
  readonly #routes = new Map<string, Route[]>();

  constructor(routes: Readonly<Record<string, Route | readonly Route[]>> = {}) {
    for (const [name, route] of Object.entries(routes)) this.on(name, route);
  }

  on(name: string, route: Route | readonly Route[]): this {
    this.#routes.set(name, Array.isArray(route) ? [...route] : [route as Route]);
    return this;
  }

  /** The requests in the order they came, as `METHOD URL`. */
  get log(): string[] {
    return this.requests.map(({ method, url }) => `${method} ${url.href}`);
  }

  /** The last request of that name. */
  last(name: string): HttpRequest {
    const request = this.requests.findLast(({ method, url }) => `${method} ${url.href}` === name);
    if (!request) throw new Error(`There was no ${name}, only ${this.log.join(", ")}.`);
    return request;
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    this.requests.push(request);
    request.signal?.throwIfAborted();
    const routes = this.#routes.get(`${request.method} ${request.url.href}`);
    const route = routes && routes.length > 1 ? routes.shift() : routes?.[0];
    if (route instanceof Error) throw route;
    const reply = typeof route === "function" ? await route(request) : route;
    const {
      status = 200,
      json,
      headers = {},
      repeatedAfterLoss = false,
    } = reply ?? {
      status: 404,
      json: { errcode: "M_UNRECOGNIZED" },
    };
    const text = typeof json === "string" ? json : JSON.stringify(json ?? {});
    return {
      status,
      header: (name) => headers[name.toLowerCase()],
      text,
      json: typeof json === "string" ? undefined : JSON.parse(text),
      repeatedAfterLoss,
    };
  }

  async close(): Promise<void> {}
}
