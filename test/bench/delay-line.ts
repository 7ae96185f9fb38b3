import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** One direction of a connection: what is sent arrives later, in its order. */
export class Delayed {
  readonly #delayMs: number;
  readonly #notBefore: number;
  readonly #now: () => number;

  /**
   * @param delayMs how long each piece is on its way
   * @param notBefore when the first piece can leave, on the same clock as `now`
   */
  constructor(delayMs: number, notBefore: number, now: () => number) {
    this.#delayMs = delayMs;
    this.#notBefore = notBefore;
    this.#now = now;
  }

  /** Milliseconds until what is sent now arrives. */
  wait(): number {
    const now = this.#now();
    return Math.max(now, this.#notBefore) + this.#delayMs - now;
  }
}

/** A port that leads to another one over a longer way. */
export interface DelayLine {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Listens on loopback, and hands on what comes with half of the round trip added each way. The first bytes of a
 * connection leave one round trip after it was opened: that is TCP's handshake, which loopback has over at once. There
 * is no TLS, whose handshake would be one more for every implementation alike.
 *
 * @param target a port on loopback
 */
export async function startDelayLine(target: number, roundTripMs: number): Promise<DelayLine> {
  const open = new Set<Socket>();
  const now = () => performance.now();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ host: "127.0.0.1", port: target, allowHalfOpen: true, noDelay: true });
    for (const socket of [client, upstream]) {
      open.add(socket);
      // An end that breaks off takes the other one with it, as a router would have it.
      socket.on("error", () => undefined).on("close", () => open.delete(socket));
    }
    const opened = now();
    join(client, upstream, new Delayed(roundTripMs / 2, opened + roundTripMs, now));
    join(upstream, client, new Delayed(roundTripMs / 2, opened, now));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("There is no port.");
  return {
    port: address.port,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Timers of different lengths could overtake each other by a rounding: a queue keeps the order. */
function join(from: Socket, to: Socket, delayed: Delayed): void {
  let queue = Promise.resolve();
  const later = (deliver: () => void) => {
    const due = new Promise((resolve) => setTimeout(resolve, delayed.wait()));
    queue = queue.then(() => due).then(deliver);
  };
  from.on("data", (chunk) => later(() => to.destroyed || to.write(chunk)));
  from.on("end", () => later(() => to.end()));
  from.on("close", (hadError) => hadError && later(() => to.destroy()));
}
