/**
 * Reads a stream of bytes to its end, if that comes within a bound. What is more is left unread, and the stream is
 * destroyed.
 *
 * @returns all its bytes; undefined where there are more than `maxBytes`
 */
export async function readBounded(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
