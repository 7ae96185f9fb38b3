import { format, inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { type Revealed, revealed, Secret } from "../../src/foundation/secret.js";
import type { JsonObject } from "../../src/protocol/canonical-json.js";

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

  it("is no JSON that could be sent or written by mistake", () => {
    // @ts-expect-error: it would be written as "[secret]".
    const body: JsonObject = { refresh_token: new Secret(TEXT) };
    // @ts-expect-error: and so would it within a list.
    const list: Revealed<readonly Secret[]> = [new Secret(TEXT)];
    expect(JSON.stringify([body, list])).not.toContain(TEXT);
  });

  it("equals one with the same text", () => {
    expect(new Secret(TEXT).equals(new Secret(TEXT))).toBe(true);
    expect(new Secret(TEXT).equals(new Secret("other"))).toBe(false);
  });
});
