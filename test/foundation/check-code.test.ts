import { describe, expect, it } from "vitest";
import { foldCheckCode, foldDigits } from "../../src/foundation/check-code.js";

describe("a check code", () => {
  it.each([
    ["42"],
    [" 42\r"],
    ["4 2"],
    ["4-2"],
    ["4\u20132"],
    ["4\u22122"],
    ["(4.2)"],
    ["４２"],
    ["٤٢"],
    ["४२"],
    ["𝟜𝟚"],
    ["④②"],
    ["4\ufe0f\u20e32\ufe0f\u20e3"],
    ["\u200b42\u00a0"],
    ["\ufeff4\u00ad2\u2060"],
    ["\u001b[200~42\u001b[201~"],
    ["4\u001b[D2"],
  ])("may be written as %j", (text) => {
    expect(foldCheckCode(text)).toBe("42");
  });

  it.each([[""], ["4"], ["423"], ["4 2 3"], ["42a"], ["forty-two"], ["四二"], ["½2"]])("isn't %j", (text) => {
    expect(foldCheckCode(text)).toBeUndefined();
  });

  it("may begin with zero", () => {
    expect(foldCheckCode("０ 7")).toBe("07");
  });
});

describe("digits", () => {
  it("of every script have their value", () => {
    const zeros = [0x30, 0x660, 0x966, 0xe50, 0x1040, 0x1090, 0x17e0, 0xff10, 0x1d7ce, 0x1d7f6, 0x1e950];
    for (const zero of zeros) {
      const row = Array.from({ length: 10 }, (_, value) => String.fromCodePoint(zero + value)).join("");
      expect(foldDigits(row)).toBe("0123456789");
    }
  });
});
