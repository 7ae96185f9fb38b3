import type { Qr } from "../foundation/events.js";
import { wrapProse } from "./wrap.js";

/** What can be done with a code besides scanning it. */
export interface CodeKeys {
  /** Another code for the same, which a key brings up. */
  readonly other: boolean;
  /** A key opens it as a picture. */
  readonly picture: boolean;
}

const NO_KEYS: CodeKeys = { other: false, picture: false };

/** What to do with a code, from scanning it on: an introduction, numbered steps, and what the keys do. */
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

/** The same in lines of a width, to stand beside a code or below it. */
export function stepLines(code: Pick<Qr, "intent">, columns: number, keys = NO_KEYS): string[] {
  const steps = qrSteps(code).flatMap((step, index) => wrapProse(`${index + 1}. ${step}`, columns, "   "));
  const also = [
    ...(keys.other ? ["Can't be read? Press c for another code."] : []),
    ...(keys.picture ? ["Press o to open it as a picture."] : []),
  ];
  return [...steps, ...also.flatMap((line) => ["", ...wrapProse(line, columns)])];
}

/** The keys in a few words, for where there is no room for more. */
export function keyHints({ other, picture }: CodeKeys): string[] {
  return [...(other ? ["c: another code"] : []), ...(picture ? ["o: as a picture"] : [])];
}
