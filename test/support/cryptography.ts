import { webcrypto } from "node:crypto";

const OPERATIONS = [
  "decrypt",
  "deriveBits",
  "deriveKey",
  "digest",
  "encrypt",
  "exportKey",
  "generateKey",
  "importKey",
  "sign",
  "verify",
] as const;

let underWay = 0;

const subtle: object = Object.getPrototypeOf(webcrypto.subtle);
for (const name of OPERATIONS) {
  const operation = Reflect.get(subtle, name) as (...input: unknown[]) => Promise<unknown>;
  Reflect.set(subtle, name, function count(this: unknown, ...input: unknown[]) {
    underWay++;
    return operation.apply(this, input).finally(() => {
      underWay--;
    });
  });
}

/** Whether WebCrypto, which takes real time, is at work: a clock that is run by hand has to wait for it. */
export function isCryptographyUnderWay(): boolean {
  return underWay > 0;
}
