import { describe, expect, it } from "vitest";
import { largeText } from "../../src/ui/large-text.js";

const EVERY = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

describe("a text drawn large", () => {
  it("is four lines high, in half blocks", () => {
    expect(largeText("A1", 80)).toEqual(["▄▀▀▀▄  ▄█  ", "█▄▄▄█   █  ", "█   █   █  ", "▀   ▀  ▀▀▀ "]);
  });

  it("looks different for each letter and digit", () => {
    const drawn = [...EVERY].map((character) => largeText(character, 5)?.join("\n"));
    expect(new Set(drawn).size).toBe(EVERY.length);
  });

  it.each([
    ["whole, where that fits", "ABC-DEF", 41, ["ABC-DEF"]],
    ["after its hyphen, where it doesn't", "ABC-DEF", 40, ["ABC-", "DEF"]],
    ["in equal parts without one", "ABCDEFGH", 41, ["ABCD", "EFGH"]],
  ])("is broken %s", (_how, text, columns, rows) => {
    const expected = rows.map((row) => largeText(row, 80)?.join("\n"));
    expect(largeText(text, columns)?.join("\n")).toBe(expected.join("\n\n"));
  });

  it.each([
    ["a character that it can't draw", "abc", 80],
    ["what every object has", "constructor", 80],
    ["no text", "", 80],
    ["no room for one character", "A", 4],
  ])("is none for %s", (_what, text, columns) => {
    expect(largeText(text, columns)).toBeUndefined();
  });
});
