function lengthPrefixed(text: string, lengthBytes: 1 | 2): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(bytes.length, 0, lengthBytes);
  return Buffer.concat([length, bytes]);
}

/**
 * What binds a sealed message to one rendezvous session and to one place in it.
 * Source: MSC4388 §Secure channel, step 4.
 *
 * @param baseUrl at most 65535 bytes of UTF-8
 * @param rendezvousId at most 255 bytes
 * @param sequenceToken at most 255 bytes
 * @throws {RangeError} for anything longer
 */
export function additionalData(baseUrl: string, rendezvousId: string, sequenceToken: string): Uint8Array {
  return Buffer.concat([
    lengthPrefixed(baseUrl, 2),
    lengthPrefixed(rendezvousId, 1),
    lengthPrefixed(sequenceToken, 1),
  ]);
}
