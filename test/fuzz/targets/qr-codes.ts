import fc from "fast-check";
import { expect } from "vitest";
import { INTENTS } from "../../../src/foundation/events.js";
import { Failure } from "../../../src/foundation/failures.js";
import {
  decodeQrCode,
  encodeQrCode,
  recogniseQrCode,
  type SignInQrPayload,
} from "../../../src/protocol/qr-code.js";
import { anyBytes, key32, nearlyBytes } from "../arbitraries.js";
import { outcomeOf, type Target, target } from "../target.js";

const url = fc.webUrl({ validSchemes: ["https", "http"], withQueryParameters: true });
const opaque = fc
  .stringMatching(/^[0-9A-Za-z._~-]{1,255}$/)
  .filter((id) => id !== "." && id !== ".." && id.length <= 255);
const serverName = fc.oneof(fc.domain(), url);

const signInCodes: fc.Arbitrary<SignInQrPayload> = fc.oneof(
  fc.record({
    channel: fc.constant("msc4388" as const),
    prefix: fc.constantFrom("MATRIX" as const, "IO_ELEMENT_MSC4388" as const),
    intent: fc.constantFrom(...INTENTS),
    publicKey: key32,
    rendezvousId: opaque,
    baseUrl: url,
  }),
  fc.record({
    channel: fc.constant("msc4108-2024" as const),
    prefix: fc.constant("MATRIX" as const),
    intent: fc.constant("new" as const),
    publicKey: key32,
    rendezvousUrl: url,
  }),
  fc.record({
    channel: fc.constant("msc4108-2024" as const),
    prefix: fc.constant("MATRIX" as const),
    intent: fc.constant("existing" as const),
    publicKey: key32,
    rendezvousUrl: url,
    serverName,
  }),
);
export const signInPayloads = signInCodes.map(encodeQrCode);

export const qrCodeTargets: readonly Target[] = [
  target("a QR code's payload is read as it was written", 300, signInCodes, (code) => {
    expect(decodeQrCode(encodeQrCode(code))).toEqual(code);
  }),

  target(
    "a QR code's payload is read, to be written the same, or refused",
    500,
    fc.oneof(nearlyBytes(signInPayloads), anyBytes),
    async (bytes) => {
      const kind = recogniseQrCode(bytes);
      const outcome = await outcomeOf(() => decodeQrCode(bytes));
      if (!(outcome instanceof Failure)) expect(encodeQrCode(outcome)).toEqual(bytes);
      else if (kind === "sign_in") expect(outcome.code).toBe("malformed_sign_in_code");
      else expect(outcome.code).toBe("not_a_sign_in_code");
    },
  ),
];
