/** Base64 as Matrix writes it, of a text that may have been padded. */
export function unpadded(text: string): string {
  return text.replace(/=+$/, "");
}

/** Standard base64 without padding, the way Matrix writes keys and the channel its messages. */
export function encodeBase64(bytes: Uint8Array): string {
  return unpadded(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"));
}

/**
 * The inverse, strictly: the standard alphabet, no white space, no stray bits at the end; padding may be
 * missing, as vodozemac has it.
 *
 * @returns the bytes, or undefined where the text is no such base64
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Buffer.from(text, "base64"));
  const padded = Buffer.from(bytes).toString("base64");
  return padded.startsWith(text) && text.length >= encodeBase64(bytes).length ? bytes : undefined;
}
