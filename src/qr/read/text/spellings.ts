import { decodeBase64 } from "../../../protocol/base64.js";

export function fromHex(text: string): Uint8Array | undefined {
  return /^(?:[0-9a-f]{2})+$/i.test(text) ? new Uint8Array(Buffer.from(text, "hex")) : undefined;
}

/** Base64, standard or URL-safe, padded or not. */
export function fromBase64(text: string): Uint8Array | undefined {
  return decodeBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
}
