import { HkdfSha256 } from "@hpke/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { HpkeKdf } from "../../src/protocol/hpke-kdf.js";

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });

/** RFC 5869 §2.3: what HKDF-SHA256 gives at most. */
const MOST = 255 * 32;

it("derives what hpke-js derives by WebCrypto", async () => {
  const [own, theirs] = [new HpkeKdf(), new HkdfSha256()];
  const salts = fc
    .constantFrom(0, 32)
    .chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
  const lengths = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constant(MOST));
  await fc.assert(
    fc.asyncProperty(salts, bytes(80), bytes(80), lengths, async (salt, ikm, info, length) => {
      const prk = await theirs.extract(salt, ikm);
      expect(await own.extract(salt, ikm)).toEqual(prk);
      expect(await own.expand(prk, info, length)).toEqual(await theirs.expand(prk, info, length));
      const all = await theirs.extractAndExpand(salt, ikm, info, length);
      expect(await own.extractAndExpand(salt, ikm, info, length)).toEqual(all);
    }),
    { numRuns: 50 },
  );
});
