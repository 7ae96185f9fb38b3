import { describe, expect, it } from "vitest";
import { nearMiss } from "../../src/session/near-miss.js";

const NAMES = ["laptop", "bot_example.org", "bot_example.org-2", "ci"];

describe("a near miss", () => {
  it.each([
    ["laptpo", "laptop"],
    ["latop", "laptop"],
    ["laptopp", "laptop"],
    ["Laptop", "laptop"],
    ["lapdob", "laptop"],
    ["bot_exmaple.org", "bot_example.org"],
    ["bot_example.org-3", "bot_example.org-2"],
    ["cl", "ci"],
  ])("of %j is %j", (typed, meant) => {
    expect(nearMiss(typed, NAMES)).toBe(meant);
  });

  it.each(["phone", "xy", "a", ""])("of %j is none of them", (typed) => {
    expect(nearMiss(typed, NAMES)).toBeUndefined();
  });

  it("is not guessed among two that are equally near", () => {
    expect(nearMiss("bot-3", ["bot-1", "bot-2"])).toBeUndefined();
  });
});
