import { Failure, type FailureCode } from "../errors.js";
import { readQrCode } from "./read.js";

/**
 * The process that `createPictureReader` starts: decodes one picture after the other, as they come, until nobody
 * is there to send any.
 */

/** The answer to a picture. */
export type PictureAnswer = { readonly payload: Uint8Array } | { readonly failure: PictureFailure };

interface PictureFailure {
  readonly code: FailureCode;
  readonly message: string;
  readonly hint?: string | undefined;
  /** For reports of bugs. */
  readonly stack?: string | undefined;
}

process.on("message", async (picture: Uint8Array) => {
  process.send?.(await answer(picture));
});

// An exit in the usual way waits for native decoders.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));

async function answer(picture: Uint8Array): Promise<PictureAnswer> {
  try {
    return { payload: await readQrCode(picture) };
  } catch (error) {
    const { code, message, hint, stack } = Failure.from(error);
    return { failure: { code, message, hint, stack } };
  }
}
