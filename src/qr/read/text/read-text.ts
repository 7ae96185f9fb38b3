import { Failure, type FailureCode } from "../../../foundation/failures.js";
import { signInCodeLength } from "../../../protocol/qr-code.js";
import { isForSigningIn, oneSignIn } from "../one-sign-in.js";
import { drawingsIn } from "./drawings.js";
import { isOwnLog, lastStart } from "./own-log.js";
import { payloadsIn, type TextPayloads } from "./payloads.js";
import { picturesIn } from "./pictures.js";
import { unpackedTexts } from "./unpacked.js";

/** What is wrong with one picture, and says nothing about the next one. */
const UNREADABLE: ReadonlySet<FailureCode> = new Set([
  "no_qr_code",
  "picture_unreadable",
  "picture_too_large",
] as const);

/** Reads one picture. */
type Read = (picture: Uint8Array) => Promise<Uint8Array>;

/**
 * Finds the QR code in whatever text somebody passes on: a payload in base64 or hex, a log of this program, what other
 * programs that scan codes print, a picture in base64 or in a web page, a code drawn with blocks.
 *
 * @returns the bytes in the code, whatever kind of code it is; undefined where there is none
 * @throws {Failure} `malformed_sign_in_code` where one was, but isn't whole; `several_sign_in_codes`; for a picture that is
 *   all there is, what reading it throws
 */
export async function readText(text: string, read: Read): Promise<Uint8Array | undefined> {
  const { reading, payloads } = payloadsInOrUnder(text);
  const whole = payloads.filter(({ isWhole }) => isWhole);
  if (whole.length > 0) {
    const start = lastStart(reading);
    const ofLastRun = whole.filter(({ at }) => at >= start);
    const codes = ofLastRun.length > 0 ? ofLastRun : whole;
    return oneOf(
      codes.map(({ bytes }) => bytes),
      text,
    );
  }
  const seen = await inPictures(picturesIn(text), read, text);
  if (seen && isForSigningIn(seen)) return seen;
  const drawn = await inDrawings(text, read);
  if (drawn) return drawn;
  if (payloads.length > 0) return damaged(payloads.map(({ bytes }) => bytes));
  return seen;
}

/** What was packed once more than codes usually are counts only where it holds a whole one. */
function payloadsInOrUnder(text: string): TextPayloads {
  const hasWhole = ({ payloads }: TextPayloads) => payloads.some(({ isWhole }) => isWhole);
  const found = payloadsIn(text);
  return hasWhole(found) ? found : (unpackedTexts(text).map(payloadsIn).find(hasWhole) ?? found);
}

function oneOf(codes: readonly Uint8Array[], text: string): Uint8Array | undefined {
  try {
    return oneSignIn(codes, isOwnLog(text));
  } catch (error) {
    if (!(error instanceof Failure && error.code === "several_sign_in_codes")) throw error;
    throw new Failure("several_sign_in_codes", "There is more than one sign-in code in this text.", {
      hint: "Give the one you mean by itself.",
    });
  }
}

/** Its own bytes tell best what is wrong with it, if they can be had. */
function damaged(codes: readonly Uint8Array[]): Uint8Array {
  const known = codes.findLast(isForSigningIn);
  if (known && (signInCodeLength(known) ?? 0) < known.length) return known;
  throw new Failure(
    "malformed_sign_in_code",
    "This payload is damaged: it is neither whole base64 nor hex, or a part of it is missing.",
  );
}

/** @throws what reading the only picture, or the last one of several in which nothing was found, has thrown */
async function inPictures(
  pictures: readonly Uint8Array[],
  read: Read,
  text: string,
): Promise<Uint8Array | undefined> {
  const codes: Uint8Array[] = [];
  let failure: unknown;
  for (const picture of pictures) {
    try {
      codes.push(await read(picture));
    } catch (error) {
      if (!(error instanceof Failure && UNREADABLE.has(error.code))) throw error;
      failure = error;
    }
  }
  if (codes.length === 0 && failure) throw failure;
  return oneOf(codes, text) ?? codes[0];
}

/** What is drawn in a log and can't be read is no failure: it may be anything. */
async function inDrawings(text: string, read: Read): Promise<Uint8Array | undefined> {
  const codes: Uint8Array[] = [];
  for (const drawing of drawingsIn(text)) {
    for (const picture of drawing) {
      const code = await read(picture()).catch((error: unknown) => {
        if (error instanceof Failure && error.code === "no_qr_code") return undefined;
        throw error;
      });
      if (code) {
        codes.push(code);
        break;
      }
    }
  }
  return oneOf(codes, text) ?? codes[0];
}
