/** Values that Matrix's canonical JSON can hold: no fractions, no numbers beyond 2^53 - 1. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

/**
 * The text that Matrix signs: keys sorted by code point, no white space, no unneeded escapes.
 * Source: Matrix specification, Appendices §Canonical JSON.
 *
 * @throws {TypeError} for a number that canonical JSON can't hold
 */
export function canonicalJson(value: JsonValue): string {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new TypeError("Canonical JSON holds whole numbers only.");
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value as JsonObject).filter(
      (entry): entry is [string, JsonValue] => entry[1] !== undefined,
    );
    entries.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

const MAX_DEPTH = 16;

/** Whether a value of JSON can be signed, and is no deeper than anything that is. */
export function isSignable(value: unknown, depth = MAX_DEPTH): value is JsonValue {
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (typeof value !== "object" || value === null) return true;
  return depth > 0 && Object.values(value).every((member) => isSignable(member, depth - 1));
}
