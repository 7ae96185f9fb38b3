import type { Readable } from "node:stream";
import { Failure } from "../foundation/failures.js";
import type { CheckCodeSource } from "../sign-in/confirmation.js";
import type { Prompt } from "./display.js";

export function checkCodesFromPrompt(prompt: Prompt): CheckCodeSource {
  return (attemptsLeft, signal) => prompt.checkCode(attemptsLeft, signal);
}

/** More than any code has: what is longer is given back cut, as a wrong code. */
const MAX_LINE_LENGTH = 64;

/** Stdin, which keeps the process alive while it is referenced, unless it is a file. */
type LineInput = Readable & { ref?(): unknown; unref?(): unknown };

/**
 * `--check-code stdin`: each line of the input is one code, whether it was written before or after it is asked
 * for. A pipe that nobody closes doesn't keep the process alive while no code is asked for.
 */
export function checkCodesFromLines(input: LineInput): CheckCodeSource {
  input.setEncoding("utf8");
  let unread = "";
  let ended = false;

  const takeLine = (): string | undefined => {
    const end = unread.indexOf("\n");
    const isWhole = end >= 0 || unread.length > MAX_LINE_LENGTH || (ended && unread !== "");
    if (!isWhole) return undefined;
    const line = end < 0 ? unread : unread.slice(0, end);
    unread = end < 0 ? "" : unread.slice(end + 1);
    return line.slice(0, MAX_LINE_LENGTH).trim();
  };

  return async (_attemptsLeft, signal) => {
    for (;;) {
      signal.throwIfAborted();
      const line = takeLine();
      if (line !== undefined) return line;
      if (ended) throw new Failure("user_cancelled", "Standard input ended before the check code was read.");
      const chunk = await nextChunk(input, signal);
      if (chunk === undefined) ended = true;
      else unread += chunk;
    }
  };
}

/** The next piece of text, or undefined at the end of input. The stream is left paused. */
function nextChunk(input: LineInput, signal: AbortSignal): Promise<string | undefined> {
  if (input.readableEnded || input.destroyed) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const stop = () => {
      input.off("data", onData).off("end", onEnd).off("error", onEnd).off("close", onEnd);
      signal.removeEventListener("abort", onAbort);
      input.pause();
      // Pausing isn't enough: the stream goes on filling its buffer.
      input.unref?.();
    };
    const onData = (chunk: string) => {
      stop();
      resolve(chunk);
    };
    const onEnd = () => {
      stop();
      resolve(undefined);
    };
    const onAbort = () => {
      stop();
      reject(signal.reason);
    };
    input.on("data", onData).on("end", onEnd).on("error", onEnd).on("close", onEnd);
    signal.addEventListener("abort", onAbort, { once: true });
    input.ref?.();
    input.resume();
  });
}
