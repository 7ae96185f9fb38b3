/**
 * A public key as people compare it: in groups of four, as Matrix clients show it.
 *
 * @param publicKey base64
 */
export function fingerprint(publicKey: string): string {
  return publicKey.replace(/.{4}(?=.)/g, "$& ");
}
