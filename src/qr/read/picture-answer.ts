import * as v from "valibot";
import { FAILURES } from "../../foundation/failure-table.js";
import type { FailureCode } from "../../foundation/failures.js";

/** ISO/IEC 18004 §7.4.10: no QR code holds more, digits being what it holds most of. */
const MAX_CONTENT_BYTES = 7089;

const failureCodes = Object.keys(FAILURES) as FailureCode[];

const pictureAnswer = v.union([
  v.object({ payload: v.pipe(v.instance(Uint8Array), v.maxLength(MAX_CONTENT_BYTES)) }),
  v.object({
    failure: v.object({
      code: v.picklist(failureCodes),
      message: v.string(),
      hint: v.optional(v.string()),
      /** For reports of bugs. */
      stack: v.optional(v.string()),
    }),
  }),
]);

/** What comes of a picture, as the process that decodes it tells. */
export type PictureAnswer = v.InferOutput<typeof pictureAnswer>;

/** @throws where the process tells something else: it may have been taken over by the picture */
export function readPictureAnswer(answer: unknown): PictureAnswer {
  return v.parse(pictureAnswer, answer);
}
