import { inspect } from "node:util";
import { DhkemX25519HkdfSha256 } from "@hpke/core";
import { describe, expect, it } from "vitest";
import type { Dialect } from "../../src/foundation/events.js";
import { additionalData } from "../../src/protocol/additional-data.js";
import { ALL_DIALECTS, VODOZEMAC_DIALECTS } from "../../src/protocol/dialects.js";
import { initiateHpkeChannel, offerHpkeChannel } from "../../src/protocol/hpke-channel.js";
import {
  expectNegativeCase,
  expectSession,
  type NegativeCase,
  type Session,
  type VectorDevices,
} from "../support/channel-vectors.js";
import { hex, readVectors } from "../support/vectors.js";

const hpke: VectorDevices = {
  async offer(inputs, dialect) {
    const kem = new DhkemX25519HkdfSha256();
    const privateKey = await kem.importKey("raw", hex(inputs.g_private_key).buffer, false);
    const publicKey = await kem.importKey("raw", hex(inputs.g_public_key).buffer, true);
    const responseNonce = hex(inputs.response_nonce);
    return offerHpkeChannel({ dialects: [dialect], responseNonce, keyPair: { privateKey, publicKey } });
  },
  initiate: (gPublicKey, aad, inputs, dialect) =>
    initiateHpkeChannel(gPublicKey, aad, {
      dialects: [dialect],
      ephemeralKeyMaterial: hex(inputs.s_ephemeral_ikm),
    }),
};

const sessionFiles = ["msc", "vodozemac-0.11.0", "vodozemac-0.11.1"].flatMap((dialect) => [
  `hpke-${dialect}.json`,
  `hpke-${dialect}-long.json`,
]);

describe.each(sessionFiles)("the sessions of %s", (file) => {
  const { sessions } = readVectors<{ sessions: Session[] }>(file);

  it.each(sessions.map((session) => [session.name, session] as const))(
    "%s comes out byte for byte on both devices",
    (_name, session) => expectSession(hpke, session),
  );

  it("binds each message to the rendezvous session and its sequence token as the AAD says", () => {
    for (const { inputs, transcript } of sessions) {
      for (const { aad, sequence_token } of transcript) {
        const built = additionalData(inputs.base_url, inputs.rendezvous_id, sequence_token);
        expect(Buffer.from(built).toString("hex")).toBe(aad);
      }
    }
  });
});

describe("the negative vectors", () => {
  const cases = readVectors<{ cases: NegativeCase[] }>("negative.json").cases.filter(
    ({ channel }) => channel === "hpke",
  );

  it.each(cases.map((testCase) => [testCase.name, testCase.note, testCase] as const))(
    "%s: %s",
    (_name, _note, testCase) => expectNegativeCase(hpke, testCase),
  );
});

describe("between dialects", () => {
  const aad = additionalData("https://example.org/", "id", "token");

  async function handshake(
    generator: readonly [Dialect, ...Dialect[]],
    scanner: readonly [Dialect, ...Dialect[]],
  ) {
    const offered = await offerHpkeChannel({ dialects: generator });
    const initiating = await initiateHpkeChannel(offered.publicKey, aad, { dialects: scanner });
    const initiated = await offered.receiveLoginInitiate(initiating.loginInitiate, aad);
    const { loginOk, channel } = await initiated.sealLoginOk(aad);
    return { channel, scanned: await initiating.receiveLoginOk(loginOk, aad) };
  }

  it("a scanner that knows all of them finds out that the generator speaks MSC4388's text", async () => {
    const { channel, scanned } = await handshake(["msc"], ALL_DIALECTS);
    expect(scanned.dialect).toBe("msc");
    expect(scanned.alternative).toBeUndefined();
    expect(channel.confirm(scanned.checkCode)?.dialect).toBe("msc");
  });

  it.each(["vodozemac-0.11.1", "vodozemac-0.11.0"] as const)(
    "a generator that accepts both releases takes the code of a scanner that speaks %s",
    async (dialect) => {
      const { channel, scanned } = await handshake(VODOZEMAC_DIALECTS, [dialect]);
      expect(channel.confirm(scanned.checkCode)).toBeDefined();
    },
  );

  it("a scanner shows the code of the older release beside that of the newer one", async () => {
    const { channel, scanned } = await handshake(["vodozemac-0.11.0"], ALL_DIALECTS);
    expect(scanned.dialect).toBe("vodozemac-0.11.1");
    expect(channel.confirm(scanned.alternative ?? scanned.checkCode)).toBeDefined();
  });

  it("LoginOk of another response context doesn't open", async () => {
    await expect(handshake(["msc"], VODOZEMAC_DIALECTS)).rejects.toMatchObject({
      code: "message_not_authentic",
    });
  });

  it("no code but the right ones opens the door", async () => {
    const { channel, scanned } = await handshake(["msc"], ["msc"]);
    const codes = Array.from({ length: 100 }, (_, code) => String(code).padStart(2, "0"));
    const accepted = codes.filter((code) => channel.confirm(code) !== undefined);
    expect(accepted).toEqual([scanned.checkCode]);
  });

  it("a second LoginInitiate is refused, whoever sends it", async () => {
    const offered = await offerHpkeChannel({ dialects: ["msc"] });
    const first = await initiateHpkeChannel(offered.publicKey, aad, { dialects: ["msc"] });
    const second = await initiateHpkeChannel(offered.publicKey, aad, { dialects: ["msc"] });
    await offered.receiveLoginInitiate(first.loginInitiate, aad);
    await expect(offered.receiveLoginInitiate(second.loginInitiate, aad)).rejects.toMatchObject({
      code: "message_not_authentic",
    });
  });

  it("a key in the QR code that is none is named as that", async () => {
    const short = initiateHpkeChannel(new Uint8Array(31), aad, { dialects: ["msc"] });
    await expect(short).rejects.toMatchObject({
      code: "message_not_authentic",
      message: expect.stringContaining("QR code"),
      cause: expect.any(Error),
    });
  });

  it("nothing that is printed of a channel holds a key", async () => {
    const { channel, scanned } = await handshake(["msc"], ["msc"]);
    const printed = inspect([channel, scanned.channel], { depth: 20, showHidden: true });
    expect(printed).not.toMatch(/CryptoKey|Uint8Array|ArrayBuffer|Buffer/);
  });
});
