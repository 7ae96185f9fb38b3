import { beforeAll, describe, expect } from "vitest";
import type { EstablishedChannel } from "../../src/protocol/channel.js";
import { initiateEciesChannel, offerEciesChannel } from "../../src/protocol/ecies-channel.js";
import { type CryptoWasm, loadCryptoWasm, type WasmChannel } from "../support/crypto-wasm.js";
import { it } from "../support/interop.js";
import { CRYPTO_WASM } from "../support/peers.js";

const LOGIN_INITIATE = "MATRIX_QR_CODE_LOGIN_INITIATE";
const LOGIN_OK = "MATRIX_QR_CODE_LOGIN_OK";
const MESSAGES = ["{}", "", "Überraschung 🎉", "x".repeat(3_000), "last"];
/** So many that a code with a leading zero is among them but once in 10^13 runs. */
const SESSIONS = 300;

const none = new Uint8Array();
const cell = { table: "channel", version: "msc4108-2024", peers: [CRYPTO_WASM] } as const;
const base64 = (key: Uint8Array) => Buffer.from(key).toString("base64").replace(/=+$/, "");

async function expectConversation(ours: EstablishedChannel, theirs: WasmChannel): Promise<void> {
  for (const plaintext of MESSAGES) {
    const sealed = await ours.seal(new TextEncoder().encode(plaintext), none);
    expect(theirs.decrypt(sealed)).toBe(plaintext);
    const opened = await ours.open(theirs.encrypt(plaintext), none);
    expect(Buffer.from(opened).toString()).toBe(plaintext);
  }
}

/** As matrix-js-sdk makes them. */
function codeOf(channel: WasmChannel): string {
  return [...channel.check_code().as_bytes()].map((byte) => byte % 10).join("");
}

describe("the channel of the 2024 version with matrix-sdk-crypto-wasm", () => {
  let wasm: CryptoWasm;
  beforeAll(async () => {
    if (CRYPTO_WASM.missing === undefined) wasm = await loadCryptoWasm();
  });

  it("is established, where that scans", async ({ about }) => {
    about({ ...cell, part: "generates (G)", outcome: "established, equal check codes, messages both ways" });
    const codes: string[] = [];
    for (let session = 0; session < SESSIONS; session++) {
      const offered = offerEciesChannel();
      const publicKey = new wasm.Curve25519PublicKey(base64(offered.publicKey));
      const s = new wasm.Ecies().establish_outbound_channel(publicKey, LOGIN_INITIATE);
      const initiated = await offered.receiveLoginInitiate(s.initial_message, none);
      const { loginOk, channel } = await initiated.sealLoginOk(none);
      expect(s.channel.decrypt(loginOk)).toBe(LOGIN_OK);
      const confirmed = channel.confirm(codeOf(s.channel));
      expect(confirmed).toBeDefined();
      if (confirmed) await expectConversation(confirmed.channel, s.channel);
      codes.push(codeOf(s.channel));
    }
    expect(codes.some((code) => code.startsWith("0"))).toBe(true);
  });

  it("is established, where that generates", async ({ about }) => {
    about({ ...cell, part: "scans (S)", outcome: "established, equal check codes, messages both ways" });
    for (let session = 0; session < SESSIONS; session++) {
      const g = new wasm.Ecies();
      const publicKey = new Uint8Array(Buffer.from(g.public_key().toBase64(), "base64"));
      const initiating = await initiateEciesChannel(publicKey);
      const { message, channel: theirs } = g.establish_inbound_channel(initiating.loginInitiate);
      expect(message).toBe(LOGIN_INITIATE);
      const { channel, checkCode } = await initiating.receiveLoginOk(theirs.encrypt(LOGIN_OK), none);
      expect(checkCode).toBe(codeOf(theirs));
      await expectConversation(channel, theirs);
    }
  });

  it("refuses what was changed on the way", async ({ about }) => {
    about({ ...cell, part: "both; a changed LoginInitiate", outcome: "refused" });
    const offered = offerEciesChannel();
    const publicKey = new wasm.Curve25519PublicKey(base64(offered.publicKey));
    const { initial_message } = new wasm.Ecies().establish_outbound_channel(publicKey, LOGIN_INITIATE);
    const changed = initial_message.startsWith("A")
      ? `B${initial_message.slice(1)}`
      : `A${initial_message.slice(1)}`;
    await expect(offered.receiveLoginInitiate(changed, none)).rejects.toMatchObject({
      code: "message_not_authentic",
    });

    const g = new wasm.Ecies();
    const { loginInitiate } = await initiateEciesChannel(
      new Uint8Array(Buffer.from(g.public_key().toBase64(), "base64")),
    );
    expect(() => g.establish_inbound_channel(`A${loginInitiate}`)).toThrow();
  });
});
