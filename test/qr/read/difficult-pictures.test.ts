import { describe, expect, it } from "vitest";
import { readQrCode } from "../../../src/qr/read/read-qr-code.js";
import { DIFFICULT_PICTURES } from "../../support/difficult-pictures.js";
import { payloadOf } from "../../support/pictures.js";

const payload = payloadOf("unstable_intent_0");

describe("a code is read from", () => {
  it.each(DIFFICULT_PICTURES)("%s", async (_, make) => {
    expect(await readQrCode(await make(payload))).toEqual(payload);
  });
});
