/**
 * Reads JSON that may be anything, even no JSON at all. The error of `JSON.parse` quotes the text, which may hold
 * secrets, so it goes no further.
 *
 * @returns the value, not validated; undefined for what is no JSON, and for bytes that are not UTF-8
 */
export function parseJson(json: string | Uint8Array): unknown {
  try {
    const text = typeof json === "string" ? json : new TextDecoder("utf-8", { fatal: true }).decode(json);
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a value of JSON is an object: neither an array nor null. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
