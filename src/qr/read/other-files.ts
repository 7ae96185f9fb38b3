// biome-ignore-all lint/suspicious/noControlCharactersInRegex: files begin with them.

import { Failure } from "../../foundation/failures.js";

/** Files that people hand in for a picture, by how they begin, and what to do with them instead. */
const OTHER_FILES: readonly (readonly [beginning: RegExp, what: string, hint: string])[] = [
  [
    /^[\s\S]{0,1024}%PDF-/,
    "This is a PDF, which is not read here.",
    "Open it and take a screenshot of the code, or make a picture of the page: `pdftoppm -r 150 -png FILE page`.",
  ],
  [
    /^%!PS/,
    "This is a PostScript file, which is not read here.",
    "Open it and take a screenshot of the code.",
  ],
  [
    /^PK(?:\u0003\u0004|\u0005\u0006)/,
    "This is a ZIP archive or an office document.",
    "Save the picture in it by itself.",
  ],
  [
    /^(?:7z\u00bc\u00af|Rar!|BZh|\u00fd7zXZ|\u0028\u00b5\u002f\u00fd)/,
    "This is an archive.",
    "Unpack it first.",
  ],
  [
    /^(?:[\s\S]{4}ftyp(?:isom|iso\d|mp4\d|avc1|qt {2}|M4V|3gp)|\u001aE\u00df\u00a3|RIFF[\s\S]{4}AVI )/,
    "This is a video, not a picture.",
    "Save one picture of it, with the whole code in it.",
  ],
  [/^8BPS/, "This is a Photoshop file, which is not read here.", "Save it as PNG."],
  [
    /^(?:\u00ff\u000a|\0\0\0\u000cJXL )/,
    "This is a JPEG XL picture, which is not read here.",
    "Save it as PNG.",
  ],
  [/^\0\0\u0001\0/, "This is an icon, which is not read here.", "Save it as PNG."],
];

/** Said of an empty file and of a blank text. */
export const NOTHING = {
  message: "There is nothing in it.",
  hint: "Give a picture of the code, or its payload as text.",
};

/** @throws {Failure} `picture_unreadable` for a file that is known to be something else than a picture that can be read */
export function refuseOtherFiles(file: Uint8Array): void {
  if (file.length === 0) {
    throw new Failure("picture_unreadable", NOTHING.message, { hint: NOTHING.hint });
  }
  const start = Buffer.from(file.buffer, file.byteOffset, Math.min(file.length, 1100)).toString("latin1");
  const found = OTHER_FILES.find(([beginning]) => beginning.test(start));
  if (found) throw new Failure("picture_unreadable", found[1], { hint: found[2] });
}
