import { errorCode } from "../foundation/error-code.js";

/** How far a stream takes what is written to it. */
export interface WatchedOutput {
  /** The first error that a write came to; undefined as long as there was none. */
  readonly error: unknown;
  /** Whether it is just that nobody reads on, as with `| head`. */
  readonly isClosedByReader: boolean;
  /** Resolves when everything was taken, however slow the reader is, or can't be any more. */
  flushed(): Promise<void>;
}

/**
 * Listens to a stream's errors from now on, which end the output.
 *
 * @param onError told of the first
 */
export function watchOutput(stream: NodeJS.WriteStream, onError?: (error: unknown) => void): WatchedOutput {
  let first: unknown;
  stream.on("error", (error) => {
    if (first !== undefined) return;
    first = error;
    onError?.(error);
  });
  return {
    get error() {
      return first;
    },
    get isClosedByReader() {
      return errorCode(first) === "EPIPE";
    },
    flushed: () => new Promise((resolve) => stream.write("", () => resolve())),
  };
}
