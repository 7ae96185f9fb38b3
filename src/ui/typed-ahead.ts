import { setImmediate } from "node:timers/promises";
import { Failure } from "../foundation/failures.js";
import { CTRL_C } from "./keys.js";

/** How often the event loop looks for what the system still holds: once would do where it is fast. */
const LOOKS = 3;

/**
 * Throws away what was typed at a terminal before there was a question to read: it is no answer to it.
 *
 * @param interrupt does what Ctrl-C does, which is a key for that moment
 * @throws {Failure} `user_cancelled` where the input ended
 */
export async function discardTypedAhead(input: NodeJS.ReadStream, interrupt: () => void): Promise<void> {
  if (!input.isTTY) return;
  const discard = (keys: Buffer | string) => {
    if (keys.toString().includes(CTRL_C)) interrupt();
  };
  // A terminal that edits lines keeps back one that has no end yet.
  input.setRawMode(true);
  input.on("data", discard);
  input.resume();
  try {
    for (let look = 0; look < LOOKS; look++) await setImmediate();
  } finally {
    input.off("data", discard);
    input.pause();
    if (!input.readableEnded) input.setRawMode(false);
  }
  // No reader that comes later hears of the end.
  if (input.readableEnded) throw new Failure("user_cancelled");
}
