// biome-ignore-all lint/suspicious/noControlCharactersInRegex: payloads have them.

import { signInCodeLength } from "../../../protocol/qr-code.js";
import { digitsOfDump } from "./dumps.js";
import { type JoinedLines, joinings } from "./lines.js";
import { lettersOf, readingsOf } from "./readings.js";
import { fromBase64, fromHex } from "./spellings.js";

/** ISO/IEC 18004 §7.4.10: no QR code holds more bytes. */
const MAX_PAYLOAD = 2953;
/** Codes of one text that are looked at, from the last one back: a log may have been renewing them for days. */
const MAX_PAYLOADS = 64;

/** What is searched of bytes that are no text. */
const MAX_BYTES = 64 * 1024;

/** A sign-in code in a text. */
interface FoundPayload {
  readonly bytes: Uint8Array;
  /** It is whole, with nothing behind it that could belong to it. */
  readonly isWhole: boolean;
  /** How far into the text as it was read. */
  readonly at: number;
}

/** The sign-in codes of a text as it was read, from its beginning to its end. */
export interface TextPayloads {
  readonly reading: string;
  readonly payloads: readonly FoundPayload[];
}

/** Finds sign-in codes in a text: in base64 or hex, broken into lines, escaped, quoted; or as the bytes that they are. */
export function payloadsIn(text: string): TextPayloads {
  let best: TextPayloads = { reading: text, payloads: [] };
  for (const reading of readingsOf(text)) {
    const letters = lettersOf(reading);
    for (const joined of joinings(letters)) {
      const payloads = [...inBase64(joined), ...inHex(joined)].toSorted((a, b) => a.at - b.at);
      best = better(best, { reading: joined.text, payloads });
    }
    for (const payloads of [inDump(letters), inNumbers(letters), asTheyAre(reading)]) {
      best = better(best, { reading, payloads });
    }
  }
  return best;
}

/** The reading that shows more whole codes; of those that show none, one that shows that there was one. */
function better(a: TextPayloads, b: TextPayloads): TextPayloads {
  const whole = ({ payloads }: TextPayloads) => payloads.filter(({ isWhole }) => isWhole).length;
  if (whole(a) !== whole(b)) return whole(a) > whole(b) ? a : b;
  return a.payloads.length > 0 ? a : b;
}

/** How "IO_ELEMENT_MSC" and "MATRIX" begin in base64, and in hex; the word is nothing without the type behind it. */
const IN_BASE64 = /SU9fRUxFTUVOVF9NU0|TUFUUklY(?=A[g-z\d+/_-]|$)/g;
const IN_HEX = /494f5f454c454d454e545f4d5343(?:34333838(?=03|$)|(?=$))|4d4154524958(?=0[23]|$)/gi;

function inBase64(joined: JoinedLines): FoundPayload[] {
  return lastMatches(joined.text, IN_BASE64).map(({ index }) => {
    const piece = joined.text.slice(index, index + 2 * MAX_PAYLOAD);
    const run = /^[\w+/-]*/.exec(piece)?.[0] ?? "";
    return spelt(run, index, joined, "base64");
  });
}

function inHex(joined: JoinedLines): FoundPayload[] {
  return lastMatches(joined.text, IN_HEX).map(({ index }) => {
    const piece = joined.text.slice(index, index + 2 * MAX_PAYLOAD);
    const run = /^[\da-f]*/i.exec(piece)?.[0] ?? "";
    return spelt(run, index, joined, "hex");
  });
}

/** Behind a payload these may follow at once: whatever quotes it, ends a sentence, or pads it. */
const MAY_FOLLOW = /^=*(?:$|[\s"'`<>()[\]{}.,:;*|\\~&«»“”‘’…])/;

/**
 * A payload at the beginning of a run of its letters. It ends where its own lengths say. The lines that follow may hold
 * letters too, so an end of a line counts as one; in the middle of a line more letters are more bytes.
 */
function spelt(
  run: string,
  at: number,
  { text, breaks }: JoinedLines,
  spelling: "base64" | "hex",
): FoundPayload {
  // Node decodes what it can.
  const length = signInCodeLength(new Uint8Array(Buffer.from(run, spelling)));
  const end = length === undefined ? run.length : Math.ceil((length * 8) / (spelling === "hex" ? 4 : 6));

  const padding = /^={0,2}/.exec(text.slice(at + end, at + end + 2))?.[0].length ?? 0;
  const isEnd =
    breaks.has(at + end) ||
    breaks.has(at + end + padding) ||
    MAY_FOLLOW.test(text.slice(at + end, at + end + 4));
  const letters = isEnd ? run.slice(0, end) : run;
  const bytes = spelling === "hex" ? fromHex(letters) : fromBase64(letters);
  return {
    bytes: bytes ?? new Uint8Array(),
    isWhole: length !== undefined && isEnd && bytes !== undefined,
    at,
  };
}

function inDump(letters: string): FoundPayload[] {
  return inBytes(digitsOfDump(letters), IN_HEX, (piece) => fromHex(piece.slice(0, piece.length & ~1)), 2);
}

/** JSON that gives bytes as numbers: [73,79,95,…]. */
function inNumbers(letters: string): FoundPayload[] {
  return lastMatches(
    letters,
    /(?:73,\s*79,\s*95,\s*69|77,\s*65,\s*84,\s*82,\s*73,\s*88)(?:,\s*\d{1,3}){30,3000}/g,
  ).map(({ 0: numbers, index }) => ({ ...wholeOf(Uint8Array.from(numbers.split(","), Number)), at: index }));
}

/** What other programs that scan codes print: bytes for bytes, or each byte as the character of that number. */
function asTheyAre(text: string): FoundPayload[] {
  return inBytes(text, /IO_ELEMENT_MSC4388(?=\u0003)|MATRIX(?=[\u0002\u0003])/g, (piece) => {
    return new Uint8Array(Buffer.from(/^[\0-\u00ff]*/.exec(piece)?.[0] ?? "", "latin1"));
  });
}

/** A sign-in code in bytes that are no text: what some programs that scan codes print, a word of their own before it. */
export function payloadAsItIs(content: Uint8Array): Uint8Array | undefined {
  const text = Buffer.from(content.buffer, content.byteOffset, Math.min(content.length, MAX_BYTES)).toString(
    "latin1",
  );
  return asTheyAre(text).findLast(({ isWhole }) => isWhole)?.bytes;
}

function inBytes(
  text: string,
  beginning: RegExp,
  decode: (piece: string) => Uint8Array | undefined,
  lettersPerByte = 1,
): FoundPayload[] {
  return lastMatches(text, beginning).map(({ index }) => ({
    ...wholeOf(decode(text.slice(index, index + lettersPerByte * MAX_PAYLOAD)) ?? new Uint8Array()),
    at: index,
  }));
}

function wholeOf(bytes: Uint8Array): Pick<FoundPayload, "bytes" | "isWhole"> {
  const length = signInCodeLength(bytes);
  return { bytes: bytes.slice(0, length), isWhole: length !== undefined };
}

function lastMatches(text: string, pattern: RegExp): RegExpExecArray[] {
  const matches: RegExpExecArray[] = [];
  for (const match of text.matchAll(pattern)) {
    matches.push(match);
    if (matches.length > MAX_PAYLOADS) matches.shift();
  }
  return matches;
}
