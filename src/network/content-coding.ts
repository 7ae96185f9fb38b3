import { promisify } from "node:util";
import { brotliDecompress, unzip } from "node:zlib";
import { escapeText } from "../foundation/escape-text.js";
import { BodyTooLarge, TransportError } from "./transport.js";

type Decode = (bytes: Uint8Array, limits: { maxOutputLength: number }) => Promise<Uint8Array>;

const unzipped: Decode = promisify<Uint8Array, { maxOutputLength: number }, Uint8Array>(unzip);
const DECODERS: Readonly<Record<string, Decode>> = {
  gzip: unzipped,
  "x-gzip": unzipped,
  deflate: unzipped,
  br: promisify<Uint8Array, { maxOutputLength: number }, Uint8Array>(brotliDecompress),
  identity: async (bytes) => bytes,
};

/**
 * What a body is once its content codings are taken off (RFC 9110 §8.4), which some servers apply unasked.
 *
 * @param codings the Content-Encoding header
 * @param maxBytes upper bound of the result
 * @throws {BodyTooLarge}
 * @throws {TransportError} where it can't be decoded
 */
export async function decodeContent(
  body: Uint8Array,
  codings: string | undefined,
  maxBytes: number,
): Promise<Uint8Array> {
  let bytes = body;
  // They are named in the order in which they were applied.
  for (const coding of (codings ?? "").toLowerCase().split(",").reverse()) {
    // An answer without a body may say how one would be coded.
    if (bytes.length === 0 || coding.trim() === "") continue;
    const decode = DECODERS[coding.trim()];
    if (!decode) throw undecodable(`in a coding that is not understood here (${escapeText(coding.trim())})`);
    try {
      bytes = await decode(bytes, { maxOutputLength: maxBytes });
    } catch (error) {
      if (error instanceof RangeError) throw new BodyTooLarge();
      throw undecodable("what can't be decompressed", error);
    }
  }
  return bytes;
}

function undecodable(what: string, cause?: unknown): TransportError {
  return new TransportError(`it answers ${what}`, { mayHaveBeenSent: true, cause });
}
