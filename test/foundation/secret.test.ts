import { format, inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { revealed, Secret } from "../../src/foundation/secret.js";

const TEXT = "syt_the-token-itself";

describe("a secret", () => {
  const held = { user: "@bot:example.org", tokens: [new Secret(TEXT)] };

  it.each([
    ["console.log", (value: unknown) => format("%o %O %s %j", value, value, value, value)],
    [
      "util.inspect, hidden fields included",
      (value: unknown) => inspect(value, { showHidden: true, depth: 9 }),
    ],
    ["JSON.stringify", (value: unknown) => JSON.stringify(value)],
    ["a template", (value: unknown) => `${value}`],
    ["what its fields are", (value: unknown) => JSON.stringify(Object.entries(value as object))],
  ])("is not shown by %s", (_what, print) => {
    for (const value of [held.tokens[0], held]) expect(print(value)).not.toContain(TEXT);
  });

  it("is there for whoever asks", () => {
    expect(new Secret(TEXT).reveal()).toBe(TEXT);
    expect(revealed(held)).toEqual({ user: "@bot:example.org", tokens: [TEXT] });
  });

  it("equals one with the same text", () => {
    expect(new Secret(TEXT).equals(new Secret(TEXT))).toBe(true);
    expect(new Secret(TEXT).equals(new Secret("other"))).toBe(false);
  });
});
