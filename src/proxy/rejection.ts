import { Readable } from "node:stream";
import { readBounded } from "../files/read-bounded.js";
import { Failure } from "../foundation/failures.js";
import { isJsonObject, parseJson } from "../foundation/json.js";
import { decodeContent } from "../network/content-coding.js";
import type { StreamAnswer } from "../network/streams.js";
import { headerOf } from "./headers.js";

/** An answer that says that a token is unknown is small; interactive authentication, too, is a 401. */
const MAX_BYTES = 64 * 1024;

/** A 401, read to its end. */
export interface Rejection {
  /** Whether it says that the access token is unknown, which may only have expired. */
  readonly isUnknownToken: boolean;
  /** The same again, to be handed on. */
  readonly answer: StreamAnswer;
}

/** @throws {Failure} `server_error` where it is too large or breaks off */
export async function readRejection(answer: StreamAnswer): Promise<Rejection> {
  const bytes = await readBounded(answer.body, MAX_BYTES).catch(() => undefined);
  if (!bytes) throw new Failure("server_error", "The homeserver's answer can't be used.");
  const codings = headerOf(answer.rawHeaders, "content-encoding");
  const json = parseJson(await decodeContent(bytes, codings, MAX_BYTES).catch(() => bytes));
  return {
    isUnknownToken: isJsonObject(json) && json["errcode"] === "M_UNKNOWN_TOKEN",
    answer: { ...answer, body: Readable.from([bytes]) },
  };
}
