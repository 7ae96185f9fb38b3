import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { holdsThread } from "../../../src/qr/read/open-picture.js";
import { bmp } from "../../support/bmp.js";
import { payloadOf, pictureOf } from "../../support/pictures.js";

const picture = await pictureOf(payloadOf("unstable_intent_0"));

/** Whoever watches over the decoding has to be there before it begins: nothing can be started meanwhile. */
describe("the thread is held by", () => {
  it.each([
    ["a BMP", async () => bmp(Uint8Array.of(0), 1, { bits: 24 })],
    ["a HEIC photo", () => readFile(new URL("fixtures/code.heic", import.meta.url))],
  ])("%s", async (_, file) => {
    expect(holdsThread(await file())).toBe(true);
  });
});

it.each([
  ["a PNG", picture.clone().png()],
  ["an AVIF, in the same container as HEIC", picture.clone().avif({ effort: 0 })],
])("the thread is left free by %s", async (_, encoded) => {
  expect(holdsThread(await encoded.toBuffer())).toBe(false);
});
