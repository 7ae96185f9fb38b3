import { expect } from "vitest";
import { Secret } from "../../src/foundation/secret.js";

/** Secrets have nothing to compare that can be seen from outside: without this, each would equal any other. */
expect.addEqualityTesters([
  function areEqualSecrets(one, other) {
    if (one instanceof Secret && other instanceof Secret) return one.equals(other);
    return one instanceof Secret || other instanceof Secret ? false : undefined;
  },
]);
