/** Standard base64 without padding, the way Matrix writes keys and the channel its messages. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64").replace(/=+$/, "");
}

/**
 * The inverse, strictly: only the standard alphabet, no padding, no white space, no stray bits at the end.
 *
 * @returns the bytes, or undefined where the text is no such base64
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Buffer.from(text, "base64"));
  return encodeBase64(bytes) === text ? bytes : undefined;
}
