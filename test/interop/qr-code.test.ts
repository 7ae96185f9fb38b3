import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect } from "vitest";
import { decodeQrCode, encodeQrCode, type SignInQrCode2024 } from "../../src/protocol/qr-code.js";
import { type CryptoWasm, loadCryptoWasm } from "../support/crypto-wasm.js";
import { it } from "../support/interop.js";
import { CRYPTO_WASM } from "../support/peers.js";

const cell = { table: "qr_code", version: "msc4108-2024", peers: [CRYPTO_WASM] } as const;
const base64 = (key: Uint8Array) => Buffer.from(key).toString("base64").replace(/=+$/, "");

const CODES: readonly SignInQrCode2024[] = [
  {
    channel: "msc4108-2024",
    prefix: "MATRIX",
    intent: "new",
    publicKey: key(),
    rendezvousUrl: "https://hs.example/_rendezvous/abc",
  },
  {
    channel: "msc4108-2024",
    prefix: "MATRIX",
    intent: "existing",
    publicKey: key(),
    rendezvousUrl: "https://hs.example/_rendezvous/abc?d=1",
    serverName: "example.org",
  },
  {
    channel: "msc4108-2024",
    prefix: "MATRIX",
    intent: "existing",
    publicKey: key(),
    rendezvousUrl: "http://127.0.0.1:8008/r",
    serverName: "127.0.0.1:8008",
  },
  {
    channel: "msc4108-2024",
    prefix: "MATRIX",
    intent: "existing",
    publicKey: key(),
    rendezvousUrl: `https://hs.example/${"r".repeat(300)}`,
    serverName: "https://hs.example/",
  },
];

function key(): Uint8Array {
  return new Uint8Array(randomBytes(32));
}

describe("a QR code and matrix-sdk-crypto-wasm", () => {
  let wasm: CryptoWasm;
  beforeAll(async () => {
    if (CRYPTO_WASM.missing === undefined) wasm = await loadCryptoWasm();
  });

  it("of the 2024 version is read there as it was meant", ({ about }) => {
    about({ ...cell, part: "writes it", outcome: "read" });
    for (const code of CODES) {
      const read = wasm.QrCodeData.fromBytes(encodeQrCode(code));
      expect(read.publicKey.toBase64()).toBe(base64(code.publicKey));
      expect(read.rendezvousUrl).toBe(code.rendezvousUrl);
      expect(read.serverName).toBe(code.serverName);
      const { Login, Reciprocate } = wasm.QrCodeIntent;
      expect(read.mode).toBe(code.intent === "new" ? Login : Reciprocate);
    }
  });

  it("of the 2024 version that was written there is read as it was meant", ({ about }) => {
    about({ ...cell, part: "reads it", outcome: "read" });
    for (const code of CODES) {
      const publicKey = new wasm.Curve25519PublicKey(base64(code.publicKey));
      const written = new wasm.QrCodeData(publicKey, code.rendezvousUrl, code.serverName);
      expect(decodeQrCode(written.toBytes())).toEqual(code);
    }
  });

  it("of MSC4388 is not read there, nor the other way round: it writes the ID's length in two bytes", ({
    about,
  }) => {
    about({
      ...cell,
      version: "msc4388",
      part: "writes it, reads it",
      outcome: "not read: it writes the ID's length in two bytes, the MSC in one",
    });
    const publicKey = key();
    const ours = encodeQrCode({
      channel: "msc4388",
      prefix: "IO_ELEMENT_MSC4388",
      intent: "new",
      publicKey,
      rendezvousId: "abcdefgh",
      baseUrl: "https://hs.example/",
    });
    expect(() => wasm.QrCodeData.fromBytes(ours)).toThrow();
    const theirs = wasm.QrCodeData.newMsc4388(
      new wasm.Curve25519PublicKey(base64(publicKey)),
      "abcdefgh",
      "https://hs.example/",
      0,
    );
    expect(() => decodeQrCode(theirs.toBytes())).toThrow(
      expect.objectContaining({ code: "malformed_sign_in_code" }),
    );
  });
});
