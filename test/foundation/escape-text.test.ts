import { describe, expect, it } from "vitest";
import { escapeText } from "../../src/foundation/escape-text.js";

describe("escapeText", () => {
  it.each([
    ["an ANSI escape", "a\u001b[31mb", "a\\u{1b}[31mb"],
    ["a newline and a carriage return", "a\r\nb", "a\\u{d}\\u{a}b"],
    ["DEL and the C1 control sequence introducer", "\u007f\u009b2J", "\\u{7f}\\u{9b}2J"],
    ["a right-to-left override", "moc\u202egro", "moc\\u{202e}gro"],
    ["isolates and marks", "\u2066\u2069\u200e\u200f\u061c", "\\u{2066}\\u{2069}\\u{200e}\\u{200f}\\u{61c}"],
    ["zero-width characters", "a\u200b\u200c\u200d\ufeffb", "a\\u{200b}\\u{200c}\\u{200d}\\u{feff}b"],
    ["a soft hyphen and a tag", "\u00ad\u{e0041}", "\\u{ad}\\u{e0041}"],
    ["line and paragraph separators", "\u2028\u2029", "\\u{2028}\\u{2029}"],
    ["a Hangul filler and a variation selector", "\u3164\ufe0f", "\\u{3164}\\u{fe0f}"],
    ["a lone surrogate", "a\ud800b", "a\\u{d800}b"],
  ])("makes %s visible", (_name, hostile, shown) => {
    expect(escapeText(hostile)).toBe(shown);
  });

  it("leaves ordinary text of any script as it is", () => {
    const text = "@zoë:例え.テスト 🔑 Привет, שלום";
    expect(escapeText(text)).toBe(text);
  });

  it("keeps text of exactly the greatest length and cuts what is longer", () => {
    expect(escapeText("12345", 5)).toBe("12345");
    expect(escapeText("123456", 5)).toBe("1234…");
  });

  it("is no longer than asked for when escapes make the text grow", () => {
    const shown = escapeText("\u001b".repeat(1000), 20);
    expect(shown.length).toBeLessThanOrEqual(20);
    expect(shown.endsWith("…")).toBe(true);
  });

  it("never cuts a surrogate pair or an escape in two", () => {
    expect(escapeText("ab🔑c", 4)).toBe("ab…");
    expect(escapeText("abc\u001b", 5)).toBe("abc…");
  });
});
