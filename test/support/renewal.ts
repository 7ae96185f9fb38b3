import type { Renewal, Tokens } from "../../src/protocol/homeserver.js";

/** A renewal of tokens that nobody else could make. */
export function aloneBy(save: (tokens: Tokens) => Promise<void> = async () => undefined): Renewal {
  return { save, exclusively: (_signal, work) => work(undefined) };
}
