import { Failure } from "../../src/foundation/failures.js";
import type { EstablishedChannel } from "../../src/protocol/channel.js";

/**
 * The two ends of a channel that hides nothing, but takes messages as HPKE does: each direction counts, each
 * message is bound to its additional data, and what doesn't open leaves the count as it was.
 */
export function plainChannels(): { g: EstablishedChannel; s: EstablishedChannel } {
  return { g: end("g", "s"), s: end("s", "g") };
}

function end(own: string, other: string): EstablishedChannel {
  let sealed = 0;
  let opened = 0;
  const envelope = (from: string, count: number, aad: Uint8Array, text: string) =>
    JSON.stringify([from, count, Buffer.from(aad).toString(), text]);
  return {
    async seal(plaintext, aad) {
      return envelope(own, sealed++, aad, Buffer.from(plaintext).toString());
    },
    async open(message, aad) {
      const text = textOf(message);
      if (message !== envelope(other, opened, aad, text)) throw new Failure("message_not_authentic");
      opened++;
      return Buffer.from(text);
    },
  };
}

/** What a message of a plain channel says. */
export function textOf(message: string): string {
  try {
    return String(JSON.parse(message)[3]);
  } catch {
    return "";
  }
}
