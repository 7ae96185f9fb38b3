import { recogniseQrCode } from "../../../protocol/qr-code.js";
import { refuseOtherFiles } from "../other-files.js";
import { fromBase64, fromHex } from "./spellings.js";
import { addressIn } from "./what-it-is.js";

/** Shorter texts are words or file names, all of which happen to be base64. */
const MIN_UNKNOWN = 24;
/** ISO/IEC 18004 §7.4.10: no QR code holds more, digits being what it holds most of. */
const MAX_UNKNOWN = 7089;

/**
 * The content of a code that is for something else, where a text is that and nothing else: as it is, in base64 or hex.
 * What is known to be some code's content goes before what could be one.
 *
 * @throws {Failure} `picture_unreadable` for a file in base64 that is no picture
 */
export function otherContentIn(content: Uint8Array, text: string): Uint8Array | undefined {
  const letters = text.replace(/\s/g, "");
  if (letters.length > 2 * MAX_UNKNOWN) return undefined;
  const isWord = letters === text.trim() && addressIn(text) === undefined;
  const decoded = [fromHex(letters), fromBase64(letters)].filter((bytes) => bytes !== undefined);
  const known = [content, ...decoded].find((bytes) => {
    const kind = recogniseQrCode(bytes);
    return kind !== "unknown" && (kind !== "web_link" || bytes !== content || isWord);
  });
  if (known) return known;
  const [unknown] = letters.length < MIN_UNKNOWN ? [] : decoded;
  if (unknown) refuseOtherFiles(unknown);
  return unknown;
}
