import { createSecretKey, randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { keyCheckOf, openSealed, passesKeyCheck, seal } from "../../src/secret-storage/aes-hmac-sha2.js";

const NAME = "m.cross_signing.master";
const SECRET = Buffer.from("a secret of any length");
const key = createSecretKey(randomBytes(32));
const otherKey = createSecretKey(randomBytes(32));

describe("a sealed secret", () => {
  const sealed = seal(key, NAME, SECRET);

  it("opens with its key, under its name", () => {
    expect(openSealed(key, NAME, sealed)).toEqual(SECRET);
    const padded = Object.fromEntries(
      Object.entries(sealed).map(([field, text]) => [field, Buffer.from(text, "base64").toString("base64")]),
    );
    expect(openSealed(key, NAME, { ...sealed, ...padded })).toEqual(SECRET);
  });

  it("opens with no other key, and under no other name", () => {
    expect(openSealed(otherKey, NAME, sealed)).toBeUndefined();
    expect(openSealed(key, "m.cross_signing.self_signing", sealed)).toBeUndefined();
  });

  it.each([
    { ciphertext: seal(otherKey, NAME, SECRET).ciphertext },
    { mac: seal(otherKey, NAME, SECRET).mac },
    { mac: "" },
    { mac: sealed.mac.slice(0, 20) },
    { iv: "AAAA" },
    { ciphertext: "no base64" },
  ])("doesn't open when it was changed: %j", (change) => {
    expect(openSealed(key, NAME, { ...sealed, ...change })).toBeUndefined();
  });

  it("has another initialization vector each time, with bit 63 cleared", () => {
    const ivs = Array.from({ length: 50 }, () => Buffer.from(seal(key, NAME, SECRET).iv, "base64"));
    expect(new Set(ivs.map((iv) => iv.toString("hex"))).size).toBe(50);
    for (const iv of ivs) expect(iv.readUInt8(8) & 0x80).toBe(0);
  });
});

describe("a key check", () => {
  it("is passed by its key alone", () => {
    const check = keyCheckOf(key);
    expect(passesKeyCheck(key, check)).toBe(true);
    expect(passesKeyCheck(otherKey, check)).toBe(false);
  });

  it.each([
    { iv: "", mac: "" },
    { iv: "AAAA", mac: "AAAA" },
    { iv: keyCheckOf(key).iv, mac: "no base64" },
  ])("says nothing where it is none: %j", (check) => {
    expect(passesKeyCheck(key, check)).toBeUndefined();
  });
});

it("keys are shown by no print", () => {
  const bytes = key.export();
  const printed = inspect({ key }, { showHidden: true, depth: 9 }) + JSON.stringify({ key }) + String(key);
  for (const encoding of ["hex", "base64"] as const) expect(printed).not.toContain(bytes.toString(encoding));
});
