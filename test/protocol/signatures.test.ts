import { describe, expect, it } from "vitest";
import { encodeBase64 } from "../../src/protocol/base64.js";
import type { JsonObject } from "../../src/protocol/canonical-json.js";
import {
  curve25519PublicKey,
  ed25519PublicKey,
  isSignedBy,
  signJson,
} from "../../src/protocol/signatures.js";
import { hex } from "../support/vectors.js";

// Matrix specification, Appendices §Cryptographic Test Vectors. The seed's base64 has a stray bit at its end.
const SEED = Buffer.from("YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1", "base64");
const PUBLIC_KEY = ed25519PublicKey(SEED);

const signed = (object: JsonObject, signature = signJson(object, SEED)): JsonObject => ({
  ...object,
  signatures: { domain: { "ed25519:1": signature } },
});
const isGood = (object: JsonObject, key = PUBLIC_KEY) => isSignedBy(object, "domain", "1", key);

describe("signed JSON", () => {
  it.each([
    [{}, "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ"],
    [
      { two: "Two", one: 1 },
      "KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw",
    ],
  ])("of %j has the specification's signature", (object, signature) => {
    expect(signJson(object, SEED)).toBe(signature);
    expect(isGood(signed(object, signature))).toBe(true);
  });

  it("covers neither signatures nor `unsigned`", () => {
    const object = { one: 1 };
    const dressed = { ...signed(object), unsigned: { age: 1 } };
    expect(isGood(dressed)).toBe(true);
    expect(signJson(dressed, SEED)).toBe(signJson(object, SEED));
  });

  const object = { one: 1 };
  const signature = signJson(object, SEED);
  it.each<[string, JsonObject, string?]>([
    ["an object that was changed", { ...signed(object), one: 2 }],
    ["an object with one member more", { ...signed(object), two: 2 }],
    ["another key", signed(object), ed25519PublicKey(new Uint8Array(32))],
    ["a key that is no base64", signed(object), "?"],
    ["a key of another length", signed(object), encodeBase64(new Uint8Array(31))],
    ["no signatures at all", object],
    ["signatures that are null", { ...object, signatures: null }],
    ["a signature of another user", { ...object, signatures: { other: { "ed25519:1": signature } } }],
    ["a signature of another key ID", { ...object, signatures: { domain: { "ed25519:2": signature } } }],
    ["a signature that is no text", { ...object, signatures: { domain: { "ed25519:1": 1 } } }],
    ["a signature that is too short", signed(object, signature.slice(0, -4))],
    ["what canonical JSON can't hold", { ...signed(object), one: 0.5 }],
  ])("is not signed with %s", (_what, candidate, key) => {
    expect(isGood(candidate, key)).toBe(false);
  });

  it("is not signed by a member that only an object's prototype has", () => {
    expect(isSignedBy({ signatures: {} }, "constructor", "1", PUBLIC_KEY)).toBe(false);
  });
});

describe("public keys", () => {
  it("of Ed25519 are those of RFC 8032 §7.1", () => {
    const seed = hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    const publicKey = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    expect(ed25519PublicKey(seed)).toBe(encodeBase64(hex(publicKey)));
  });

  it("of Curve25519 are those of RFC 7748 §6.1", () => {
    const privateKey = hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    const publicKey = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
    expect(curve25519PublicKey(privateKey)).toBe(encodeBase64(hex(publicKey)));
  });
});
