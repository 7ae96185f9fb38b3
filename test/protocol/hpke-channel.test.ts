import { inspect } from "node:util";
import { DhkemX25519HkdfSha256 } from "@hpke/core";
import { describe, expect, it } from "vitest";
import { additionalData } from "../../src/protocol/additional-data.js";
import type { EstablishedChannel, InitiatingChannel } from "../../src/protocol/channel.js";
import { ALL_DIALECTS, VODOZEMAC_DIALECTS } from "../../src/protocol/dialects.js";
import { initiateHpkeChannel, offerHpkeChannel } from "../../src/protocol/hpke-channel.js";
import type { Dialect } from "../../src/ui/events.js";
import { hex, readVectors } from "../support/vectors.js";

interface Inputs {
  base_url: string;
  rendezvous_id: string;
  g_private_key: string;
  g_public_key: string;
  s_ephemeral_ikm: string;
  response_nonce: string;
}
interface Message {
  from: "s" | "g";
  kind: "LoginInitiate" | "LoginOk" | "message";
  plaintext?: string;
  plaintext_hex?: string;
  sequence_token: string;
  aad: string;
  message: string;
}
interface Session {
  name: string;
  dialect: Dialect;
  inputs: Inputs;
  check_code: string;
  transcript: Message[];
}
interface Step {
  op: "receive_initiate" | "start" | "receive_ok" | "open";
  message: string;
  aad: string;
  aad_ok: string;
  g_public_key: string;
  expect: "ok" | "error" | "either";
  expect_plaintext_hex?: string;
  expect_login_ok?: string;
  expect_login_initiate?: string;
  expect_check_code?: string;
}
interface NegativeCase {
  name: string;
  channel: "hpke" | "ecies";
  dialect: Dialect;
  role: "g" | "s";
  note: string;
  inputs: Inputs;
  steps: Step[];
}

async function offer(inputs: Inputs, dialects: readonly [Dialect, ...Dialect[]]) {
  const kem = new DhkemX25519HkdfSha256();
  const privateKey = await kem.importKey("raw", hex(inputs.g_private_key).buffer, false);
  const publicKey = await kem.importKey("raw", hex(inputs.g_public_key).buffer, true);
  const responseNonce = hex(inputs.response_nonce);
  return offerHpkeChannel({ dialects, responseNonce, keyPair: { privateKey, publicKey } });
}

function plaintextOf({ plaintext, plaintext_hex = "" }: Message): Uint8Array {
  return plaintext === undefined ? hex(plaintext_hex) : new TextEncoder().encode(plaintext);
}

const sessionFiles = ["msc", "vodozemac-0.11.0", "vodozemac-0.11.1"].flatMap((dialect) => [
  `hpke-${dialect}.json`,
  `hpke-${dialect}-long.json`,
]);

describe.each(sessionFiles)("the sessions of %s", (file) => {
  const { sessions } = readVectors<{ sessions: Session[] }>(file);

  it.each(sessions.map((session) => [session.name, session] as const))(
    "%s comes out byte for byte on both devices",
    async (_name, { inputs, dialect, check_code, transcript }) => {
      const [initiate, ok, ...messages] = transcript;
      if (!initiate || !ok) throw new Error("The vector has no handshake.");
      const offered = await offer(inputs, [dialect]);
      const initiating = await initiateHpkeChannel(hex(inputs.g_public_key), hex(initiate.aad), {
        dialects: [dialect],
        ephemeralKeyMaterial: hex(inputs.s_ephemeral_ikm),
      });
      expect(initiating.loginInitiate).toBe(initiate.message);
      const initiated = await offered.receiveLoginInitiate(initiate.message, hex(initiate.aad));
      const { loginOk, channel } = await initiated.sealLoginOk(hex(ok.aad));
      expect(loginOk).toBe(ok.message);
      const scanner = await initiating.receiveLoginOk(ok.message, hex(ok.aad));
      expect(scanner).toMatchObject({ checkCode: check_code, dialect });
      const generator = channel.confirm(check_code);
      expect(generator?.dialect).toBe(dialect);
      for (const message of messages) {
        const [from, to] =
          message.from === "s"
            ? [scanner.channel, generator?.channel]
            : [generator?.channel, scanner.channel];
        expect(await from?.seal(plaintextOf(message), hex(message.aad))).toBe(message.message);
        expect(await to?.open(message.message, hex(message.aad))).toEqual(plaintextOf(message));
      }
    },
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

async function runGenerator({ inputs, dialect, steps }: NegativeCase): Promise<void> {
  const offered = await offer(inputs, [dialect]);
  let channel: EstablishedChannel | undefined;
  for (const step of steps) {
    if (step.op === "receive_initiate") {
      const receive = async () => {
        const initiated = await offered.receiveLoginInitiate(step.message, hex(step.aad));
        return initiated.sealLoginOk(hex(step.aad_ok));
      };
      // A key that is not in its canonical form may be taken or refused.
      if (step.expect === "either") return;
      if (step.expect === "error") {
        await expect(receive()).rejects.toMatchObject({ code: "message_not_authentic" });
        return;
      }
      const { loginOk, channel: unconfirmed } = await receive();
      if (step.expect_login_ok) expect(loginOk).toBe(step.expect_login_ok);
      if (step.expect_check_code) {
        expect(unconfirmed.confirmForExpectedUser().checkCode).toBe(step.expect_check_code);
      }
      channel = unconfirmed.confirmForExpectedUser().channel;
    } else {
      await runOpen(channel, step);
    }
  }
}

async function runScanner({ inputs, dialect, steps }: NegativeCase): Promise<void> {
  let initiating: InitiatingChannel | undefined;
  let channel: EstablishedChannel | undefined;
  for (const step of steps) {
    if (step.op === "start") {
      const start = initiateHpkeChannel(hex(step.g_public_key), hex(step.aad), {
        dialects: [dialect],
        ephemeralKeyMaterial: hex(inputs.s_ephemeral_ikm),
      });
      if (step.expect === "error") {
        await expect(start).rejects.toMatchObject({ code: "message_not_authentic" });
        return;
      }
      initiating = await start;
      if (step.expect_login_initiate) expect(initiating.loginInitiate).toBe(step.expect_login_initiate);
    } else if (step.op === "receive_ok") {
      const received = initiating?.receiveLoginOk(step.message, hex(step.aad));
      if (step.expect === "error") {
        await expect(received).rejects.toMatchObject({ code: "message_not_authentic" });
        return;
      }
      const confirmed = await received;
      if (step.expect_check_code) expect(confirmed?.checkCode).toBe(step.expect_check_code);
      channel = confirmed?.channel;
    } else {
      await runOpen(channel, step);
    }
  }
}

async function runOpen(channel: EstablishedChannel | undefined, step: Step): Promise<void> {
  if (!channel) throw new Error("The vector opens a message before the handshake.");
  const opened = channel.open(step.message, hex(step.aad));
  if (step.expect === "error") {
    await expect(opened).rejects.toMatchObject({ code: "message_not_authentic" });
  } else {
    expect(Buffer.from(await opened).toString("hex")).toBe(step.expect_plaintext_hex);
  }
}

describe("the negative vectors", () => {
  const cases = readVectors<{ cases: NegativeCase[] }>("negative.json").cases.filter(
    ({ channel }) => channel === "hpke",
  );

  it.each(cases.map((testCase) => [testCase.name, testCase.note, testCase] as const))(
    "%s: %s",
    async (_name, _note, testCase) => {
      expect.hasAssertions();
      expect(testCase.steps.length).toBeGreaterThan(0);
      await (testCase.role === "g" ? runGenerator(testCase) : runScanner(testCase));
    },
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

  it("nothing that is printed of a channel holds a key", async () => {
    const { channel, scanned } = await handshake(["msc"], ["msc"]);
    const printed = inspect([channel, scanned.channel], { depth: 20, showHidden: true });
    expect(printed).not.toMatch(/CryptoKey|Uint8Array|ArrayBuffer|Buffer/);
  });
});
