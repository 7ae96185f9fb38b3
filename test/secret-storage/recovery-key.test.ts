import { KeyObject, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Secret } from "../../src/foundation/secret.js";
import { decodeRecoveryKey, encodeRecoveryKey } from "../../src/secret-storage/recovery-key.js";

const KEY = Buffer.alloc(32, 0x5a);
const WRITTEN = encodeRecoveryKey(KEY);

function read(text: string) {
  const decoded = decodeRecoveryKey(new Secret(text));
  return decoded instanceof KeyObject ? decoded.export() : decoded.what;
}

/** The same with one character changed, in place. */
function changed(text: string, at: number, to: string): string {
  return `${text.slice(0, at)}${to}${text.slice(at + 1)}`;
}

describe("a recovery key", () => {
  it("is written in twelve groups of four, and starts with Es, which the prefix gives", () => {
    expect(WRITTEN).toMatch(/^Es\S\S( \S{4}){11}$/);
  });

  it("is read as it was written, whatever the key", () => {
    for (const key of [Buffer.alloc(32), Buffer.alloc(32, 0xff), KEY, randomBytes(32)]) {
      expect(read(encodeRecoveryKey(key))).toEqual(key);
    }
  });

  it.each([
    ["without spaces", WRITTEN.replaceAll(" ", "")],
    ["with line breaks", WRITTEN.replaceAll(" ", "\r\n")],
    ["with tabs and several spaces", ` \t${WRITTEN.replaceAll(" ", "  ")}\n\n`],
    ["in groups of another size", WRITTEN.replaceAll(" ", "").replace(/.{7}/g, "$& ")],
    ["with the spaces of a word processor", WRITTEN.replaceAll(" ", "\u00a0")],
  ])("is read %s", (_how, text) => {
    expect(read(text)).toEqual(KEY);
  });

  it.each([
    ["a letter that there is none of", changed(WRITTEN, 5, "0"), /^its character 5 is none .*0, O, I or l/],
    ["a sign", changed(WRITTEN, 0, "-"), /^its character 1 is none/],
    ["a character too few", WRITTEN.slice(0, -1), /^it has 47 characters instead of 48$/],
    ["a group too many", `${WRITTEN} 1111`, /^it has 52 characters instead of 48$/],
    ["nothing in it", "", /^it has 0 characters/],
    ["another start", changed(WRITTEN, 0, "F"), /^it doesn't start as every recovery key does$/],
    ["a number too large for it", "z".repeat(48), /^it doesn't start as/],
    ["a character mistyped", changed(WRITTEN, 58, WRITTEN.endsWith("2") ? "3" : "2"), /^its parity is wrong/],
  ])("with %s is told apart", (_what, text, problem) => {
    expect(read(text)).toMatch(problem);
  });
});
