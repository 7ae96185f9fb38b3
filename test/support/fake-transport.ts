import type { Transport, TransportAnswer, TransportRequest } from "../../src/network/transport.js";

type Reply = TransportAnswer | Error | "hang";

/** An answer of the wire; the body is written as JSON unless it is a string. */
export function answer(
  status: number,
  body: unknown = {},
  headers: Record<string, string> = {},
): TransportAnswer {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { status, headers, body: Buffer.from(text) };
}

/** Gives the replies in order, the last one again and again; "hang" answers only to the signal. */
export class FakeTransport {
  readonly requests: TransportRequest[] = [];
  readonly #replies: Reply[];

  constructor(...replies: Reply[]) {
    this.#replies = replies;
  }

  readonly send: Transport = async (request) => {
    this.requests.push(request);
    const reply = this.#replies.length > 1 ? this.#replies.shift() : this.#replies[0];
    if (reply === "hang" || reply === undefined) return hang(request.signal);
    if (reply instanceof Error) throw reply;
    return reply;
  };
}

function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
