import { describe, expect, it } from "vitest";
import { canonicalJson, type JsonValue } from "../../src/protocol/canonical-json.js";

describe("canonical JSON", () => {
  // Matrix specification, Appendices §Canonical JSON, Examples.
  it.each([
    ["{}", "{}"],
    ['{ "one": 1, "two": "Two" }', '{"one":1,"two":"Two"}'],
    ['{ "b": "2", "a": "1" }', '{"a":"1","b":"2"}'],
    [
      `{ "auth": { "success": true, "mxid": "@john.doe:example.com", "profile": { "display_name": "John Doe",
         "three_pids": [ { "medium": "email", "address": "john.doe@example.org" },
                         { "medium": "msisdn", "address": "123456789" } ] } } }`,
      '{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":[{"address":"john.doe@example.org","medium":"email"},{"address":"123456789","medium":"msisdn"}]},"success":true}}',
    ],
    ['{ "a": "日本語" }', '{"a":"日本語"}'],
    ['{ "本": 2, "日": 1 }', '{"日":1,"本":2}'],
    ['{ "a": "\\u65E5" }', '{"a":"日"}'],
    ['{ "a": null }', '{"a":null}'],
    ['{ "a": -0, "b": 1e10 }', '{"a":0,"b":10000000000}'],
  ])("of %s is the specification's", (text, canonical) => {
    expect(canonicalJson(JSON.parse(text))).toBe(canonical);
  });

  it("sorts keys by code point, not by UTF-16 unit", () => {
    expect(canonicalJson({ "\u{1f600}": 1, "\uff5e": 2 })).toBe('{"\uff5e":2,"\u{1f600}":1}');
  });

  it("escapes control characters, quotes and backslashes, and nothing else", () => {
    expect(canonicalJson('\u0000\n\u001f"\\/\u007f\u2028é')).toBe('"\\u0000\\n\\u001f\\"\\\\/\u007f\u2028é"');
  });

  it("leaves out members that are undefined", () => {
    expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
  });

  it.each([0.5, 2 ** 53, -(2 ** 53), Number.NaN, Number.POSITIVE_INFINITY])("can't hold %d", (number) => {
    const value: JsonValue = { deep: [number] };
    expect(() => canonicalJson(value)).toThrow(TypeError);
  });
});
