import { expect, it } from "vitest";
import { fingerprint } from "../../src/foundation/fingerprint.js";

it.each([
  ["abcdefgh", "abcd efgh"],
  ["abcdefghi", "abcd efgh i"],
  ["abc", "abc"],
])("shows the key %s in groups of four", (key, shown) => {
  expect(fingerprint(key)).toBe(shown);
});
