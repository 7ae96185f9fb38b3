import { createHmac, hkdfSync } from "node:crypto";
import { HkdfSha256 } from "@hpke/core";

type Bytes = ArrayBufferLike | ArrayBufferView;

/**
 * HKDF-SHA256 (RFC 5869) of HPKE's key schedule and exports, by functions of Node.js. hpke-js uses WebCrypto, which hands
 * each of two dozen steps to another thread: that takes longer than the step.
 */
export class HpkeKdf extends HkdfSha256 {
  override async extract(salt: Bytes, ikm: Bytes): Promise<ArrayBuffer> {
    return hmac(salt, ikm);
  }

  override async expand(prk: Bytes, info: Bytes, length: number): Promise<ArrayBuffer> {
    const okm = new Uint8Array(length);
    let block = new ArrayBuffer(0);
    for (let at = 0, counter = 1; at < length; at += block.byteLength, counter++) {
      block = hmac(prk, block, info, Uint8Array.of(counter));
      okm.set(new Uint8Array(block, 0, Math.min(block.byteLength, length - at)), at);
    }
    return okm.buffer;
  }

  override async extractAndExpand(
    salt: Bytes,
    ikm: Bytes,
    info: Bytes,
    length: number,
  ): Promise<ArrayBuffer> {
    return hkdfSync("sha256", bytesOf(ikm), bytesOf(salt), bytesOf(info), length);
  }
}

function hmac(key: Bytes, ...parts: readonly Bytes[]): ArrayBuffer {
  const hash = createHmac("sha256", bytesOf(key));
  for (const part of parts) hash.update(bytesOf(part));
  return new Uint8Array(hash.digest()).buffer;
}

function bytesOf(bytes: Bytes): Uint8Array {
  return ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
}
