import { Readable } from "node:stream";
import fc from "fast-check";
import { expect } from "vitest";
import { Failure } from "../../../src/foundation/failures.js";
import { checkCodesFromLines } from "../../../src/ui/check-code-source.js";
import { anyText } from "../arbitraries.js";
import { outcomeOf, type Target, target } from "../target.js";

const { signal } = new AbortController();

export const checkCodeTargets: readonly Target[] = [
  target(
    "each line that is typed is one code, however it comes in pieces, until the input ends",
    200,
    fc.array(fc.oneof(fc.constantFrom("42\n", "4", "2", "\r\n", "\n", " 17 \n"), anyText), { maxLength: 8 }),
    async (pieces) => {
      const source = checkCodesFromLines(Readable.from(pieces.map((piece) => Buffer.from(piece))));
      const lines: string[] = [];
      const ended = await outcomeOf(async () => {
        // There can be no more codes than line breaks, and pieces of 64 characters.
        for (let asked = 0; asked < 1_000; asked++) lines.push(await source(3, signal));
      });
      expect(ended).toBeInstanceOf(Failure);
      expect(ended).toMatchObject({ code: "user_cancelled" });
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(64);
      const typed = Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString();
      const short = typed.split("\n").every((line) => line.length <= 64);
      const expected = typed
        .replace(/\n$/, "")
        .split("\n")
        .map((line) => line.trim());
      if (short && typed !== "") expect(lines).toEqual(expected);
    },
  ),
];
