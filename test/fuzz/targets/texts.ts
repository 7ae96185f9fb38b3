import { Readable } from "node:stream";
import fc from "fast-check";
import { expect } from "vitest";
import { Failure } from "../../../src/foundation/failures.js";
import { readPayload } from "../../../src/qr/read/source.js";
import { anyBytes, anyText, nearlyText } from "../arbitraries.js";
import { outcomeOf, type Target, target } from "../target.js";
import { signInPayloads } from "./qr-codes.js";

/** What stdin holds, as a source. Whatever is taken for a picture holds no code. */
function read(content: Uint8Array | string): Promise<Uint8Array | Failure> {
  const world = {
    stdin: Readable.from([Buffer.from(content)]),
    readPicture: () => Promise.reject(new Failure("no_qr_code")),
    signal: new AbortController().signal,
  };
  return outcomeOf(() => readPayload("-", world));
}

const SPELLINGS: Readonly<Record<string, (payload: Buffer) => string>> = {
  base64: (payload) => payload.toString("base64"),
  "unpadded base64": (payload) => payload.toString("base64").replace(/=+$/, ""),
  "URL-safe base64": (payload) => payload.toString("base64url"),
  hex: (payload) => payload.toString("hex"),
  "upper-case hex": (payload) => payload.toString("hex").toUpperCase(),
  "base64 in lines": (payload) =>
    `${payload
      .toString("base64")
      .match(/.{1,76}/g)
      ?.join("\r\n")}\n`,
};

const spelt = fc
  .tuple(signInPayloads, fc.constantFrom(...Object.keys(SPELLINGS)))
  .map(([payload, spelling]) => ({ payload, text: SPELLINGS[spelling]?.(Buffer.from(payload)) ?? "" }));

export const textTargets: readonly Target[] = [
  target("a sign-in code's payload is found in each spelling", 100, spelt, async ({ payload, text }) => {
    expect(await read(text)).toEqual(payload);
  }),

  target(
    "any text gives a payload, or a reason why not",
    300,
    fc.oneof(nearlyText(spelt.map(({ text }) => text)), anyText, anyBytes),
    async (content) => {
      const outcome = await read(content);
      if (!(outcome instanceof Failure)) expect(outcome.length).toBeLessThanOrEqual(64 * 1_024);
    },
  ),
];
