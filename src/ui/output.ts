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

/** Listens to a stream's errors from now on, which end the output and nothing else. */
export function watchOutput(stream: NodeJS.WriteStream): WatchedOutput {
  let first: unknown;
  stream.on("error", (error) => {
    first ??= error;
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
