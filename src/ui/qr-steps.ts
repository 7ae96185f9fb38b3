import type { Qr } from "../foundation/events.js";
import { wrapProse } from "./wrap.js";

/** What can be done with a code besides scanning it. */
export interface CodeKeys {
  /** Another code for the same, which a key brings up. */
  readonly other: boolean;
  /** A key opens it as a picture. */
  readonly picture: boolean;
}

export const NO_KEYS: CodeKeys = { other: false, picture: false };
/** "1. ", or "c: ". */
const LABEL = 3;
/** Between what stands in one line. */
const BESIDE = " · ";

/** What to do with a code, from scanning it on. */
function qrSteps({ intent }: Pick<Qr, "intent">): readonly string[] {
  return intent === "new"
    ? [
        "In the settings of that device, choose to link a new device.",
        "Scan the code.",
        "Type here the two digits that it shows.",
        "Approve the sign-in there.",
      ]
    : [
        "On the first screen of that device, choose to sign in with a QR code.",
        "Scan the code.",
        "Type here the two digits that it shows.",
        "Approve the sign-in on the page whose link appears here.",
      ];
}

function briefSteps({ intent }: Pick<Qr, "intent">): readonly string[] {
  return intent === "new"
    ? ["There: link a new device", "Scan the code", "Type its digits here", "Approve there"]
    : ["There: sign in with a QR code", "Scan the code", "Type its digits here", "Approve on a page"];
}

/** The same in lines of a width, to stand beside a code or below it. */
export function stepLines(code: Pick<Qr, "intent">, columns: number, keys = NO_KEYS): string[] {
  const also = [
    ...(keys.other ? ["Can't be read? Press c for another code."] : []),
    ...(keys.picture ? ["Press o to open it as a picture."] : []),
  ];
  return [
    ...numbered(qrSteps(code)).flatMap((step) => hanging(step, columns)),
    ...also.flatMap((line) => ["", ...wrapProse(line, columns)]),
  ];
}

/** The same in a few words, one below the other: their longest takes 10 columns. */
export function briefStepLines(code: Pick<Qr, "intent">, columns: number, keys: CodeKeys): string[] {
  const [also = []] = keyHints(keys);
  return [
    ...numbered(briefSteps(code)).flatMap((step) => hanging(step, columns)),
    ...(also.length > 0 ? [""] : []),
    ...also.flatMap((hint) => hanging(hint, columns)),
  ];
}

/** The same in as few lines as there can be. */
export function briefStepText(code: Pick<Qr, "intent">, columns: number, keys: CodeKeys): string[] {
  const [also = []] = keyHints(keys);
  return wrapProse([...numbered(briefSteps(code)), ...also].join(BESIDE), columns);
}

function numbered(steps: readonly string[]): string[] {
  return steps.map((step, index) => `${index + 1}. ${step}`);
}

/** Wraps a text behind its number, or its key. */
function hanging(text: string, columns: number): string[] {
  const [first = "", ...rest] = wrapProse(text.slice(LABEL), columns - LABEL);
  return [text.slice(0, LABEL) + first, ...rest.map((line) => " ".repeat(LABEL) + line)];
}

/**
 * What is waited for while there is a code, and what the keys do where nothing else tells: as much of both as fits into
 * one line. Who is to scan the code matters more than what the keys bring up.
 *
 * @param isDrawn there was room for the code
 */
export function scanLine(
  { intent }: Pick<Qr, "intent">,
  isDrawn: boolean,
  keys: CodeKeys,
  columns: number,
): string {
  const who = intent === "new" ? ["a device that is signed in", "a signed-in device"] : ["the new device"];
  const words = isDrawn
    ? [`Scan this with ${who[0]}`, `Scan with ${who.at(-1)}`, "Scan this"]
    : ["Waiting until the code is scanned", "Waiting for a scan", "Waiting"];
  const [said = [], short = [], named = []] = keyHints(keys);
  const lines = [
    ...words.flatMap((text) => [said, short].map((hints) => [text, ...hints])),
    ...words.map((text) => [text, ...named]),
  ].map((pieces) => pieces.join(BESIDE));
  return lines.find((line) => line.length <= columns) ?? lines.at(-1) ?? "";
}

/** What the keys do in a few words, in fewer, and only which they are. */
function keyHints({ other, picture }: CodeKeys): readonly (readonly string[])[] {
  if (!other && !picture) return [];
  const hints = (code: string, open: string) => [
    ...(other ? [`c: ${code}`] : []),
    ...(picture ? [`o: ${open}`] : []),
  ];
  const names = [...(other ? ["c"] : []), ...(picture ? ["o"] : [])].join(", ");
  return [hints("another code", "as a picture"), hints("other", "picture"), [`keys: ${names}`]];
}
