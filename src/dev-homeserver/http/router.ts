import type { IncomingHttpHeaders } from "node:http";
import { type Answer, CORS_HEADERS, matrixError } from "./answers.js";

/** One request, as a handler sees it. */
export interface Call {
  readonly headers: IncomingHttpHeaders;
  /** A `{name}` of the route's path, percent-decoded. */
  param(name: string): string;
  readonly query: URLSearchParams;
  readonly body: Uint8Array;
}

/** What handlers give: some at once, some after they have asked another server. */
export type Given = Answer | Promise<Answer>;
type Handler<G extends Given> = (call: Call) => G;

/** Handlers by `METHOD /path/{name}`. */
export type Routes<G extends Given = Answer> = Readonly<Record<string, Handler<G>>>;

interface Route<G extends Given> {
  readonly segments: readonly string[];
  readonly handlers: Map<string, Handler<G>>;
}

/** Finds the handler of a request. Paths are compared segment by segment, still percent-encoded. */
export class Router<G extends Given = Answer> {
  readonly #routes = new Map<string, Route<G>>();

  add(routes: Routes<G>): void {
    for (const [key, handler] of Object.entries(routes)) {
      const [method = "", path = ""] = key.split(" ");
      const route = this.#routes.get(path) ?? { segments: path.split("/"), handlers: new Map() };
      route.handlers.set(method, handler);
      this.#routes.set(path, route);
    }
  }

  /**
   * @param path the request's path as it came, without the query
   * @throws {Refusal} 404 or 405 `M_UNRECOGNIZED` (Matrix specification, Client-Server API §API Standards)
   */
  answer(method: string, path: string, call: Omit<Call, "param">): G | Answer {
    const segments = path.split("/");
    const route = [...this.#routes.values()].find((candidate) => fits(candidate.segments, segments));
    if (method === "OPTIONS") return { status: 204, headers: CORS_HEADERS, body: "" };
    if (!route) throw matrixError(404, "M_UNRECOGNIZED", "This server has no such endpoint.");
    const handler = route.handlers.get(method);
    if (!handler) throw matrixError(405, "M_UNRECOGNIZED", "This endpoint has no such method.");
    const params = new Map(
      route.segments.flatMap((segment, at) =>
        isParam(segment) ? [[segment.slice(1, -1), decodeSegment(segments[at] ?? "")]] : [],
      ),
    );
    return handler({
      ...call,
      param(name) {
        const value = params.get(name);
        if (value === undefined) throw new TypeError(`The route has no {${name}}.`);
        return value;
      },
    });
  }
}

function isParam(segment: string): boolean {
  return segment.startsWith("{");
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, at) => (isParam(part) ? segments[at] !== "" : part === segments[at]))
  );
}

/** In a path, unlike in a form, `+` is no space. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw matrixError(400, "M_INVALID_PARAM", "The path is not percent-encoded UTF-8.");
  }
}
