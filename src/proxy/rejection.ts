import { Readable } from "node:stream";
import { promisify } from "node:util";
import { brotliDecompress, unzip } from "node:zlib";
import { readBounded } from "../files/read-bounded.js";
import { Failure } from "../foundation/failures.js";
import { isJsonObject, parseJson } from "../foundation/json.js";
import type { StreamAnswer } from "../network/streams.js";
import { headerOf } from "./headers.js";

/** An answer that says that a token is unknown is small; interactive authentication, too, is a 401. */
const MAX_BYTES = 64 * 1024;

const decompress = promisify<Uint8Array, { maxOutputLength: number }, Uint8Array>(unzip);
const decompressBrotli = promisify<Uint8Array, { maxOutputLength: number }, Uint8Array>(brotliDecompress);

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
  const json = parseJson(await decompressed(bytes, headerOf(answer.rawHeaders, "content-encoding")));
  return {
    isUnknownToken: isJsonObject(json) && json["errcode"] === "M_UNKNOWN_TOKEN",
    answer: { ...answer, body: Readable.from([bytes]) },
  };
}

/** The bytes as they are where they can't be decompressed. */
async function decompressed(bytes: Uint8Array, encoding: string | undefined): Promise<Uint8Array> {
  if (encoding === undefined) return bytes;
  const limits = { maxOutputLength: MAX_BYTES };
  const isBrotli = encoding.trim().toLowerCase() === "br";
  const text = isBrotli ? decompressBrotli(bytes, limits) : decompress(bytes, limits);
  return text.catch(() => bytes);
}
