import { describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import { keyFromPassphrase, MAX_ITERATIONS, MIN_ITERATIONS } from "../../src/secret-storage/passphrase.js";
import { expectFailure } from "../support/failures.js";

const passphrase = new Secret("passphrase");
const { signal } = new AbortController();

describe("the key of a passphrase", () => {
  it("depends on the passphrase, the salt and the iterations, and on nothing else", async () => {
    const derive = async (text: string, salt: string, iterations: number) =>
      (await keyFromPassphrase(new Secret(text), { salt, iterations }, signal)).export().toString("hex");
    const key = await derive("a", "salt", MIN_ITERATIONS);
    expect(await derive("a", "salt", MIN_ITERATIONS)).toBe(key);
    const others = [
      await derive("a ", "salt", MIN_ITERATIONS),
      await derive("a", "Salt", MIN_ITERATIONS),
      await derive("a", "salt", MIN_ITERATIONS + 1),
    ];
    expect(new Set([key, ...others]).size).toBe(4);
    expect(key).toHaveLength(64);
  });

  it.each([0, 1, MIN_ITERATIONS - 1, MAX_ITERATIONS + 1, Number.NaN, Number.POSITIVE_INFINITY])(
    "is not made by %d iterations",
    async (iterations) => {
      await expect(keyFromPassphrase(passphrase, { salt: "", iterations }, signal)).rejects.toThrow(
        RangeError,
      );
    },
  );

  it("is not waited for once the signal is aborted", async () => {
    const abort = new AbortController();
    const deriving = keyFromPassphrase(passphrase, { salt: "", iterations: 100_000 }, abort.signal);
    abort.abort(new Failure("interrupted"));
    await expectFailure("interrupted", () => deriving);
    await expectFailure("interrupted", () =>
      keyFromPassphrase(passphrase, { salt: "", iterations: MIN_ITERATIONS }, abort.signal),
    );
  });
});
