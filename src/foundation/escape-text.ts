/**
 * Characters that a terminal obeys or that are not seen: controls (C0, DEL, C1), format characters (among
 * them the bidirectional controls, zero-width characters and tags), line and paragraph separators, lone
 * surrogates, private-use and unassigned code points, and what else Unicode wants ignored in rendering.
 */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Text from outside, made fit to be shown: every character that could steer the terminal, reorder what is read,
 * or hide in it becomes `\u{…}`. What is longer than `maxLength` (UTF-16 units) is cut, `…` being its last
 * character. This is for people's eyes: nothing tells an escape from the same text in the original.
 */
export function escapeText(text: string, maxLength = 200): string {
  let shown = "";
  let cutAt = 0;
  for (const character of text) {
    shown += character.replace(UNSAFE, (unsafe) => `\\u{${unsafe.codePointAt(0)?.toString(16)}}`);
    if (shown.length > maxLength) return `${shown.slice(0, cutAt)}…`;
    if (shown.length < maxLength) cutAt = shown.length;
  }
  return shown;
}

/**
 * A value as JSON, with the same characters escaped as JSON does it: the value stays what it is.
 *
 * @param indent spaces for each level; without it the JSON is on one line
 */
export function safeJson(value: object, indent = 0): string {
  return JSON.stringify(value, undefined, indent).replace(UNSAFE, (unsafe) => {
    // Only the layout has line breaks.
    if (unsafe === "\n") return unsafe;
    return Array.from({ length: unsafe.length }, (_, unit) => {
      return `\\u${unsafe.charCodeAt(unit).toString(16).padStart(4, "0")}`;
    }).join("");
  });
}
