import { describe, expect, onTestFinished } from "vitest";
import { additionalData } from "../../src/protocol/additional-data.js";
import type { EstablishedChannel } from "../../src/protocol/channel.js";
import { VODOZEMAC_DIALECTS } from "../../src/protocol/dialects.js";
import { initiateHpkeChannel, offerHpkeChannel } from "../../src/protocol/hpke-channel.js";
import { it } from "../support/interop.js";
import { type Peer, VODOZEMAC } from "../support/peers.js";
import { VodozemacProcess } from "../support/vodozemac-process.js";

const LOGIN_INITIATE = "MATRIX_QR_CODE_LOGIN_INITIATE";
const LOGIN_OK = "MATRIX_QR_CODE_LOGIN_OK";
const MESSAGES = ["{}", "", "Überraschung 🎉", "x".repeat(3_000), "last"];
const bytes = (text: string) => new TextEncoder().encode(text);

/** The additional data of the n-th message. */
const aad = (n: number) => additionalData("https://hs.example/", "rendezvous-id", `token-${n}`);

const RELEASES = [
  { release: "0.11.1", peer: VODOZEMAC["0.11.1"], dialect: "vodozemac-0.11.1" },
  { release: "0.11.0", peer: VODOZEMAC["0.11.0"], dialect: "vodozemac-0.11.0" },
] as const;

function start(peer: Peer, ...args: readonly string[]): VodozemacProcess {
  const process = new VodozemacProcess(peer, args);
  onTestFinished(() => process.destroy());
  return process;
}

/** Several messages each way, all of which are refused under other additional data before. */
async function expectConversation(ours: EstablishedChannel, theirs: VodozemacProcess): Promise<void> {
  for (const [index, plaintext] of MESSAGES.entries()) {
    const [right, wrong] = [aad(10 + index), aad(11 + index)];
    const sealed = await ours.seal(bytes(plaintext), right);
    expect(await theirs.ask("open", { message: sealed }, wrong)).toHaveProperty("error");
    expect(await theirs.ask("open", { message: sealed }, right)).toMatchObject({ plaintext });

    const { message } = await theirs.ask("seal", { plaintext }, right);
    await expect(ours.open(message, wrong)).rejects.toMatchObject({ code: "message_not_authentic" });
    expect(Buffer.from(await ours.open(message, right)).toString()).toBe(plaintext);
  }
}

describe.each(RELEASES)("the channel of MSC4388 with vodozemac $release", ({ peer, dialect }) => {
  const cell = { table: "channel", version: "msc4388", dialect, peers: [peer] } as const;
  const outcome = "established, equal check codes, messages both ways";

  it("is established, where vodozemac scans", async ({ about }) => {
    about({ ...cell, part: "generates (G)", outcome });
    const offered = await offerHpkeChannel({ dialects: VODOZEMAC_DIALECTS });
    const s = start(peer, "s", Buffer.from(offered.publicKey).toString("hex"));
    const { message: loginInitiate } = await s.ask("initiate", { plaintext: LOGIN_INITIATE }, aad(1));
    const initiated = await offered.receiveLoginInitiate(loginInitiate, aad(1));
    const { loginOk, channel } = await initiated.sealLoginOk(aad(2));
    const { plaintext, check_code = "" } = await s.ask("receive_response", { message: loginOk }, aad(2));
    expect(plaintext).toBe(LOGIN_OK);

    const confirmed = channel.confirm(check_code);
    expect(confirmed?.dialect).toBe(dialect);
    if (confirmed) await expectConversation(confirmed.channel, s);
  });

  it("is established, where vodozemac generates", async ({ about }) => {
    about({ ...cell, part: "scans (S)", outcome });
    const g = start(peer, "g");
    const initiating = await initiateHpkeChannel(await g.publicKey(), aad(1), {
      dialects: ["msc", ...VODOZEMAC_DIALECTS],
    });
    const opened = await g.ask("receive_initiate", { message: initiating.loginInitiate }, aad(1));
    expect(opened).toMatchObject({ plaintext: LOGIN_INITIATE });
    const { message: loginOk, check_code } = await g.ask("respond", { plaintext: LOGIN_OK }, aad(2));
    const { channel, checkCode, alternative } = await initiating.receiveLoginOk(loginOk, aad(2));
    // Which of the releases it is can't be told: the newer one's code comes first.
    expect(dialect === "vodozemac-0.11.1" ? checkCode : (alternative ?? checkCode)).toBe(check_code);
    await expectConversation(channel, g);
  });

  it("refuses a first message under other additional data", async ({ about }) => {
    about({ ...cell, part: "both; LoginInitiate of another session", outcome: "refused" });
    const offered = await offerHpkeChannel({ dialects: VODOZEMAC_DIALECTS });
    const s = start(peer, "s", Buffer.from(offered.publicKey).toString("hex"));
    const { message } = await s.ask("initiate", { plaintext: LOGIN_INITIATE }, aad(1));
    await expect(offered.receiveLoginInitiate(message, aad(2))).rejects.toMatchObject({
      code: "message_not_authentic",
    });

    const g = start(peer, "g");
    const { loginInitiate } = await initiateHpkeChannel(await g.publicKey(), aad(1), { dialects: [dialect] });
    expect(await g.ask("receive_initiate", { message: loginInitiate }, aad(2))).toHaveProperty("error");
  });

  it("fails at LoginOk with a device that speaks as MSC4388's text does", async ({ about }) => {
    about({ ...cell, dialect: "msc", part: "both; `--dialect msc`", outcome: "LoginOk doesn't open" });
    const offered = await offerHpkeChannel({ dialects: ["msc"] });
    const s = start(peer, "s", Buffer.from(offered.publicKey).toString("hex"));
    const { message } = await s.ask("initiate", { plaintext: LOGIN_INITIATE }, aad(1));
    const initiated = await offered.receiveLoginInitiate(message, aad(1));
    const { loginOk } = await initiated.sealLoginOk(aad(2));
    expect(await s.ask("receive_response", { message: loginOk }, aad(2))).toHaveProperty("error");

    const g = start(peer, "g");
    const initiating = await initiateHpkeChannel(await g.publicKey(), aad(1), { dialects: ["msc"] });
    await g.ask("receive_initiate", { message: initiating.loginInitiate }, aad(1));
    const { message: answer } = await g.ask("respond", { plaintext: LOGIN_OK }, aad(2));
    await expect(initiating.receiveLoginOk(answer, aad(2))).rejects.toMatchObject({
      code: "message_not_authentic",
    });
  });
});

it("the two releases of vodozemac open each other's messages, and show different check codes", async ({
  about,
}) => {
  const peers = RELEASES.map(({ peer }) => peer);
  about({
    table: "channel",
    version: "msc4388",
    part: "none: the two releases with each other",
    peers,
    outcome: "messages open, check codes differ",
  });
  const codes = async (): Promise<readonly [string | undefined, string | undefined]> => {
    const g = start(VODOZEMAC["0.11.0"], "g");
    const s = start(VODOZEMAC["0.11.1"], "s", Buffer.from(await g.publicKey()).toString("hex"));
    const { message: initiate } = await s.ask("initiate", { plaintext: LOGIN_INITIATE }, aad(1));
    await g.ask("receive_initiate", { message: initiate }, aad(1));
    const ok = await g.ask("respond", { plaintext: LOGIN_OK }, aad(2));
    const opened = await s.ask("receive_response", { message: ok.message }, aad(2));
    expect(opened).toMatchObject({ plaintext: LOGIN_OK });
    return [ok.check_code, opened.check_code];
  };
  // One in ninety pairs of codes is equal by chance; four in a row are not.
  const pairs = await Promise.all([codes(), codes(), codes(), codes()]);
  expect(pairs.some(([g, s]) => g !== s)).toBe(true);
});
