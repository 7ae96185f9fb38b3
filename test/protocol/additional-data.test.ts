import { describe, expect, it } from "vitest";
import { additionalData } from "../../src/protocol/additional-data.js";
import { readVectors } from "../support/vectors.js";

interface Case {
  base_url: string;
  rendezvous_id: string;
  sequence_token: string;
  aad: string;
  matrix_rust_sdk_base_url: string;
  matrix_rust_sdk_aad: string;
}

const { cases } = readVectors<{ cases: Case[] }>("aad.json");
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("the additional data", () => {
  it("has vectors", () => expect(cases.length).toBeGreaterThan(10));

  it.each(cases.map((c) => [c.base_url, c.rendezvous_id.length, c.sequence_token.length, c] as const))(
    "of %.60s, an ID of %d bytes and a token of %d is the vector's, for both readings of the base URL",
    (_url, _id, _token, { base_url, rendezvous_id, sequence_token, ...expected }) => {
      expect(hexOf(additionalData(base_url, rendezvous_id, sequence_token))).toBe(expected.aad);
      expect(new URL(base_url).href).toBe(expected.matrix_rust_sdk_base_url);
      const serialised = additionalData(new URL(base_url).href, rendezvous_id, sequence_token);
      expect(hexOf(serialised)).toBe(expected.matrix_rust_sdk_aad);
    },
  );

  it("counts bytes of UTF-8, not characters", () => {
    expect(hexOf(additionalData("é", "ü", "日"))).toBe("0002c3a902c3bc03e697a5");
  });

  it.each([
    ["a base URL", ["u".repeat(65_536), "", ""]],
    ["an ID", ["", "i".repeat(256), ""]],
    ["a token", ["", "", "t".repeat(256)]],
  ] as const)("refuses %s that its length field can't count", (_what, [url, id, token]) => {
    expect(() => additionalData(url, id, token)).toThrow(RangeError);
  });
});
