import { HkdfSha256 } from "@hpke/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { HpkeKdf } from "../../src/protocol/hpke-kdf.js";

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

/** Vitest finds any two ArrayBuffers equal. */
const hex = (buffer: ArrayBuffer) => Buffer.from(buffer).toString("hex");

/** RFC 5869 §2.3: what HKDF-SHA256 gives at most. */
const MOST = 255 * 32;
const INFO = Buffer.from("MATRIX_QR_CODE_LOGIN");

it("derives what hpke-js derives by WebCrypto", async () => {
  const [own, theirs] = [new HpkeKdf(), new HkdfSha256()];
  const salts = fc
    .constantFrom(0, 32)
    .chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
  const lengths = fc.integer({ min: 1, max: 100 });
  const longest: [Uint8Array, Uint8Array, Uint8Array, number] = [new Uint8Array(32), INFO, INFO, MOST];
  await fc.assert(
    fc.asyncProperty(salts, bytes(80), bytes(80), lengths, async (salt, ikm, info, length) => {
      const prk = await theirs.extract(salt, ikm);
      expect(hex(await own.extract(salt, ikm))).toBe(hex(prk));
      expect(hex(await own.expand(prk, info, length))).toBe(hex(await theirs.expand(prk, info, length)));
      const all = await theirs.extractAndExpand(salt, ikm, info, length);
      expect(hex(await own.extractAndExpand(salt, ikm, info, length))).toBe(hex(all));
    }),
    { examples: [longest], numRuns: 100 },
  );
});
