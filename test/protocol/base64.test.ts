import { describe, expect, it } from "vitest";
import { decodeBase64, encodeBase64 } from "../../src/protocol/base64.js";
import { SeededRandom } from "../support/random.js";

describe("unpadded base64", () => {
  // Matrix specification, Appendices §Unpadded Base64.
  const examples = {
    "": "",
    f: "Zg",
    fo: "Zm8",
    foo: "Zm9v",
    foob: "Zm9vYg",
    fooba: "Zm9vYmE",
    foobar: "Zm9vYmFy",
  };

  it.each(Object.entries(examples))("writes %j as %j, and reads it back", (text, base64) => {
    expect(encodeBase64(Buffer.from(text))).toBe(base64);
    expect(decodeBase64(base64)).toEqual(new Uint8Array(Buffer.from(text)));
  });

  it("gives back what it wrote, whatever the bytes, and out of the middle of a buffer too", () => {
    const random = new SeededRandom(1);
    for (let length = 0; length < 100; length++) {
      const bytes = random.bytes(length + 8).subarray(4, length + 4);
      expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
    }
  });

  it("reads padded base64 as well, as vodozemac does", () => {
    expect(decodeBase64("Zm8=")).toEqual(decodeBase64("Zm8"));
    expect(decodeBase64("Zg==")).toEqual(decodeBase64("Zg"));
  });

  it.each([
    ["the URL-safe alphabet", "-_-_"],
    ["white space", "Zm9v Zm9v"],
    ["a line break at the end", "Zm9v\n"],
    ["a length that no bytes have", "Zm9vY"],
    ["bits that belong to no byte", "Zh"],
    ["padding that is too long", "Zm9v="],
    ["padding in the middle", "Zg==Zg=="],
    ["anything that is no base64", "Zm9*"],
  ])("refuses %s", (_what, text) => {
    expect(decodeBase64(text)).toBeUndefined();
  });
});
