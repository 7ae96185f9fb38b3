import * as v from "valibot";
import { parseJson } from "../../foundation/json.js";
import { matrixError, oauthError } from "./answers.js";

/**
 * A JSON body of the client-server API.
 *
 * @throws {Refusal} 400 `M_NOT_JSON`, or `M_BAD_JSON` where the schema doesn't fit
 */
export function jsonBody<const Schema extends v.GenericSchema>(
  schema: Schema,
  body: Uint8Array,
): v.InferOutput<Schema> {
  const value = parseJson(body);
  if (value === undefined) throw matrixError(400, "M_NOT_JSON", "The body is not JSON.");
  // An array would do for a schema without required fields.
  if (Array.isArray(value)) throw matrixError(400, "M_BAD_JSON", "The body is not an object.");
  const result = v.safeParse(schema, value);
  if (!result.success) throw matrixError(400, "M_BAD_JSON", explain(result.issues[0]));
  return result.output;
}

/**
 * A form body (`application/x-www-form-urlencoded`), each name at most once (RFC 6749 §3.2).
 *
 * @throws {Refusal} 400 `invalid_request`
 */
export function formBody<const Schema extends v.GenericSchema>(
  schema: Schema,
  body: Uint8Array,
): v.InferOutput<Schema> {
  const form = new URLSearchParams(Buffer.from(body).toString("utf8"));
  const fields = Object.fromEntries(form);
  if (Object.keys(fields).length !== form.size) {
    throw oauthError(400, "invalid_request", "A parameter is given more than once.");
  }
  const result = v.safeParse(schema, fields);
  if (!result.success) throw oauthError(400, "invalid_request", explain(result.issues[0]));
  return result.output;
}

/** Where a value went wrong, and how. */
export function explain(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  return path === null ? issue.message : `${path}: ${issue.message}`;
}
