import { Failure, type FailureCode } from "../errors.js";
import { readQrCode } from "./read.js";

/**
 * The process that `createPictureReader` starts: decodes one picture after the other, as they come, until nobody
 * is there to send any.
 */

/** The answer to a picture. */
export type PictureAnswer =
  | { readonly payload: Uint8Array }
  | { readonly failure: { readonly code: FailureCode; readonly message: string; readonly hint?: string } };

process.on("message", async (picture: Uint8Array) => {
  process.send?.(await answer(picture));
});

process.on("disconnect", () => process.exit());

async function answer(picture: Uint8Array): Promise<PictureAnswer> {
  try {
    return { payload: await readQrCode(picture) };
  } catch (error) {
    const { code, message, hint } = Failure.from(error);
    return { failure: { code, message, ...(hint === undefined ? {} : { hint }) } };
  }
}
