import * as v from "valibot";
import { isJsonObject } from "../foundation/json.js";

/**
 * The schema of an object in a server's answer, by the members that count. Others are ignored, and one that is null is
 * absent: many servers write their optional members so.
 */
export function answerObject<const Entries extends v.ObjectEntries>(entries: Entries) {
  return v.pipe(v.unknown(), v.transform(withoutNulls), v.object(entries));
}

/** A number of seconds (RFC 6749 §5.1, RFC 8628 §3.2), which some servers write as a string. */
export const Seconds = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+(?:\.\d+)?$/), v.transform(Number))]),
  v.minValue(0),
);

/** A value of JSON whose own members that are null are left out, if it is an object. */
function withoutNulls(value: unknown): unknown {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}
