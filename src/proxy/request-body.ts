import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";

/** A body up to this many bytes is kept, so that its request can be repeated. */
const MAX_KEPT_BYTES = 1024 * 1024;

/** What a request brings: whole, or as a stream that can be read once. */
export type RequestBody =
  | { readonly kept: Buffer | null; readonly stream?: never }
  | { readonly kept?: never; readonly stream: Readable };

/**
 * Reads a body of up to 1 MiB to its end, and leaves a larger one to be streamed.
 *
 * @throws {Error} Node's, where the connection broke
 */
export async function takeBody(request: IncomingMessage): Promise<RequestBody> {
  const length = request.headers["content-length"];
  if (length === undefined && request.headers["transfer-encoding"] === undefined) return { kept: null };
  const source: AsyncIterator<Buffer> = request.iterator({ destroyOnReturn: false });
  const chunks: Buffer[] = [];
  for (let size = 0; Math.max(size, Number(length ?? 0)) <= MAX_KEPT_BYTES; ) {
    const next = await source.next();
    if (next.done) return { kept: Buffer.concat(chunks) };
    chunks.push(next.value);
    size += next.value.length;
  }
  // A stream of its own: whoever gives it up must not end the connection that the answer goes over.
  return { stream: Readable.from(rest(chunks, source), { objectMode: false }) };
}

async function* rest(chunks: readonly Buffer[], source: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield* chunks;
  for (let next = await source.next(); !next.done; next = await source.next()) yield next.value;
}
