import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { Readable } from "node:stream";
import type { StreamTransport } from "../../src/network/streams.js";
import { type ForwardContext, forward } from "../../src/proxy/forward.js";
import type { FaultyDevice, FaultyWorld } from "./world.js";

/** How long a program waits for an answer before it gives up and asks again, in milliseconds. */
const PATIENCE_MS = 30_000;
/** More tries than any one fault costs. */
const TRIES = 4;

/** The faulty way to the homeserver, for a proxy. */
export function streamsOver({ transport }: FaultyDevice): StreamTransport {
  return {
    async send({ method, origin, target, rawHeaders, body, signal }) {
      const pairs = rawHeaders.flatMap((name, at) => (at % 2 ? [] : [[name, rawHeaders[at + 1] ?? ""]]));
      const { status, headers, ...answer } = await transport({
        ...{ method, url: new URL(target, origin), headers: Object.fromEntries(pairs) },
        ...(Buffer.isBuffer(body) && { body: body.toString() }),
        ...{ maxBytes: Number.POSITIVE_INFINITY, signal },
      });
      const answered = Object.entries(headers).flatMap(([name, value]) => [name, value ?? ""]);
      return { status, rawHeaders: answered, body: Readable.from([Buffer.from(answer.body)]) };
    },
    close: async () => undefined,
  };
}

/** A program that asks the proxy, as its frameworks do: until it has an answer that it can use. */
export class Bot {
  readonly #world: FaultyWorld;
  readonly #context: ForwardContext;
  /** What went wrong for it. */
  readonly trouble: string[] = [];

  constructor(world: FaultyWorld, context: ForwardContext) {
    this.#world = world;
    this.#context = context;
  }

  async ask(method: string, path: string, json?: object): Promise<void> {
    for (let tries = 1; tries <= TRIES; tries++) {
      const { status, body } = await this.#try(method, path, json);
      if (status === 401) this.trouble.push(`${path} was answered 401`);
      if (status === 200 && isJson(body)) return;
      await this.#world.clock.sleep(1_000);
    }
    this.trouble.push(`${path} was never answered`);
  }

  async #try(method: string, path: string, json: object | undefined) {
    const request = new IncomingMessage(new Socket());
    Object.assign(request, { method, url: path });
    if (json !== undefined) {
      const body = Buffer.from(JSON.stringify(json));
      request.headers = { "content-length": String(body.length) };
      request.push(body);
    }
    request.push(null);
    const response = new ServerResponse(request);
    const written: Buffer[] = [];
    const keep = (chunk: unknown) => {
      if (Buffer.isBuffer(chunk) || typeof chunk === "string") written.push(Buffer.from(chunk));
      return true;
    };
    response.write = keep;
    response.end = (chunk?: unknown) => {
      keep(chunk);
      return response;
    };
    const gaveUp = new AbortController();
    const { signal } = gaveUp;
    const over = new AbortController();
    const patience = this.#world.clock.sleep(PATIENCE_MS, over.signal).then(() => gaveUp.abort());
    patience.catch(() => undefined);
    try {
      await forward({ request, response, target: path, path, signal }, this.#context);
      return { status: response.statusCode, body: Buffer.concat(written) };
    } catch {
      // As the server does then, whose connection breaks.
      return { status: 0, body: Buffer.alloc(0) };
    } finally {
      over.abort();
    }
  }
}

function isJson(body: Buffer): boolean {
  try {
    return typeof JSON.parse(body.toString()) === "object";
  } catch {
    return false;
  }
}
