import { decodeText } from "../../../files/decode-text.js";
import { digitsOfDump } from "./dumps.js";
import { lettersOf } from "./readings.js";
import { fromBase64, fromHex } from "./spellings.js";

/** Far more than a code of any kind needs, packed twice. */
const MAX_PACKED = 64 * 1024;

/** The texts that a text may have become this one of: all of it in base64, in hex, or in a hex dump. */
export function unpackedTexts(text: string): readonly string[] {
  if (text.length > MAX_PACKED) return [];
  const letters = text.replace(/\s/g, "");
  return [fromBase64(letters), fromHex(letters), fromHex(digitsOfDump(lettersOf(text)))]
    .map((bytes) => bytes && decodeText(bytes))
    .filter((inner) => inner !== undefined);
}
