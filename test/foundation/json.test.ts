import { describe, expect, test } from "vitest";
import { parseJson } from "../../src/foundation/json.js";

describe("parseJson", () => {
  test.each([
    ['{"a":[1,null]}', { a: [1, null] }],
    ["null", null],
    ['"text"', "text"],
  ])("reads %s", (text, value) => {
    expect(parseJson(text)).toEqual(value);
    expect(parseJson(Buffer.from(text))).toEqual(value);
  });

  test.each(["", "{", "undefined", "{'a': 1}", "<html>"])("gives undefined for %j", (text) => {
    expect(parseJson(text)).toBeUndefined();
  });

  test("gives undefined for bytes that are not UTF-8", () => {
    expect(parseJson(Uint8Array.of(0x22, 0xff, 0x22))).toBeUndefined();
  });
});
