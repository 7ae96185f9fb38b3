/** What people and input methods put between two digits and around them, or nobody sees. */
const AROUND = /[\p{Z}\p{P}\p{M}\p{C}\u2212]/gu;
/** What arrow keys send, and a terminal around a paste. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they start with one.
const ESCAPE_SEQUENCE = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;

/**
 * A check code as it was typed or dictated, as its two digits: `４２`, `4 2`, `4-2` and `٤٢` are 42.
 *
 * @returns undefined where a text isn't two digits with nothing but separators
 */
export function foldCheckCode(text: string): string | undefined {
  const bare = foldDigits(text.replace(ESCAPE_SEQUENCE, "")).replace(AROUND, "");
  return /^\d\d$/.test(bare) ? bare : undefined;
}

/** Every script's digits as 0 to 9. */
export function foldDigits(text: string): string {
  return text.normalize("NFKC").replace(/\p{Nd}/gu, (digit) => String(digitValue(digit)));
}

/** Unicode has the digits of each script in a row, from zero to nine (The Unicode Standard, section 4.6). */
function digitValue(digit: string): number {
  const codePoint = digit.codePointAt(0) ?? 0;
  let first = codePoint;
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first--;
  return (codePoint - first) % 10;
}
