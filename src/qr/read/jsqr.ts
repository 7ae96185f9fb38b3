import decode from "jsqr";
import type { GreyPicture } from "./grey-picture.js";

/** Finds a QR code in a picture, inverted ones too: its bytes, exactly. It takes a second for a million pixels. */
export function jsqr({ data, width, height }: GreyPicture): Uint8Array[] {
  const rgba = new Uint8ClampedArray(data.length * 4);
  data.forEach((value, i) => {
    rgba.fill(value, i * 4, i * 4 + 3);
  });
  // Without the option, later calls would use the options of earlier ones.
  const code = decode.default(rgba, width, height, { inversionAttempts: "attemptBoth" });
  // `data` is a decoded text and empty for bytes that are no UTF-8. A chance find comes without content.
  return code?.binaryData.length ? [Uint8Array.from(code.binaryData)] : [];
}
