import { expect } from "vitest";
import type { Dialect } from "../../src/foundation/events.js";
import type { EstablishedChannel, InitiatingChannel, OfferedChannel } from "../../src/protocol/channel.js";
import { hex } from "./vectors.js";

/** What a session of the vectors starts from. Each version of the channel has its own way to be fixed. */
interface Inputs {
  base_url: string;
  rendezvous_id: string;
  g_private_key: string;
  g_public_key: string;
  /** HPKE */
  s_ephemeral_ikm: string;
  response_nonce: string;
  /** ECIES */
  s_private_key: string;
}

interface Message {
  from: "s" | "g";
  kind: "LoginInitiate" | "LoginOk" | "message";
  plaintext?: string;
  plaintext_hex?: string;
  sequence_token: string;
  /** The 2024 version has none. */
  aad?: string;
  message: string;
}

export interface Session {
  name: string;
  dialect: Dialect;
  inputs: Inputs;
  check_code: string;
  transcript: Message[];
}

interface Step {
  op: "receive_initiate" | "start" | "receive_ok" | "open";
  message: string;
  aad?: string;
  aad_ok?: string;
  g_public_key: string;
  expect: "ok" | "error" | "either";
  expect_plaintext_hex?: string;
  expect_login_ok?: string;
  expect_login_initiate?: string;
  expect_check_code?: string;
}

export interface NegativeCase {
  name: string;
  channel: "hpke" | "ecies";
  dialect: Dialect;
  role: "g" | "s";
  note: string;
  inputs: Inputs;
  steps: Step[];
}

/** Makes the two devices of a vector, with its fixed keys and nonces. */
export interface VectorDevices {
  offer(inputs: Inputs, dialect: Dialect): Promise<OfferedChannel>;
  initiate(
    gPublicKey: Uint8Array,
    aad: Uint8Array,
    inputs: Inputs,
    dialect: Dialect,
  ): Promise<InitiatingChannel>;
}

function bytes(text = ""): Uint8Array {
  return hex(text);
}

function plaintextOf({ plaintext, plaintext_hex = "" }: Message): Uint8Array {
  return plaintext === undefined ? hex(plaintext_hex) : new TextEncoder().encode(plaintext);
}

/** Runs a session on both devices: each message has to come out byte for byte, and to open. */
export async function expectSession(
  { offer, initiate }: VectorDevices,
  { inputs, dialect, check_code, transcript }: Session,
): Promise<void> {
  const [first, ok, ...messages] = transcript;
  if (!first || !ok) throw new Error("The vector has no handshake.");
  const offered = await offer(inputs, dialect);
  expect(Buffer.from(offered.publicKey).toString("hex")).toBe(inputs.g_public_key);
  const initiating = await initiate(bytes(inputs.g_public_key), bytes(first.aad), inputs, dialect);
  expect(initiating.loginInitiate).toBe(first.message);
  const initiated = await offered.receiveLoginInitiate(first.message, bytes(first.aad));
  const { loginOk, channel } = await initiated.sealLoginOk(bytes(ok.aad));
  expect(loginOk).toBe(ok.message);
  const scanner = await initiating.receiveLoginOk(ok.message, bytes(ok.aad));
  expect(scanner.checkCode).toBe(check_code);
  expect(scanner.dialect).toBe(dialect);
  const generator = channel.confirm(check_code);
  expect(generator?.dialect).toBe(dialect);
  for (const message of messages) {
    const [from, to] =
      message.from === "s" ? [scanner.channel, generator?.channel] : [generator?.channel, scanner.channel];
    expect(await from?.seal(plaintextOf(message), bytes(message.aad))).toBe(message.message);
    const opened = await to?.open(message.message, bytes(message.aad));
    expect(Buffer.from(opened ?? []).equals(plaintextOf(message))).toBe(true);
  }
}

/** Drives one device through a negative case, and holds each step to its verdict. */
export async function expectNegativeCase(devices: VectorDevices, testCase: NegativeCase): Promise<void> {
  expect(testCase.steps.length).toBeGreaterThan(0);
  await (testCase.role === "g" ? runGenerator(devices, testCase) : runScanner(devices, testCase));
}

async function runGenerator(devices: VectorDevices, { inputs, dialect, steps }: NegativeCase): Promise<void> {
  const offered = await devices.offer(inputs, dialect);
  let channel: EstablishedChannel | undefined;
  for (const step of steps) {
    if (step.op !== "receive_initiate") {
      await runOpen(channel, step);
      continue;
    }
    const receive = async () => {
      const initiated = await offered.receiveLoginInitiate(step.message, bytes(step.aad));
      return initiated.sealLoginOk(bytes(step.aad_ok));
    };
    // A key that is not in its canonical form may be taken or refused.
    if (step.expect === "either") return;
    if (step.expect === "error") {
      await expect(receive()).rejects.toMatchObject({ code: "message_not_authentic" });
      return;
    }
    const { loginOk, channel: unconfirmed } = await receive();
    if (step.expect_login_ok) expect(loginOk).toBe(step.expect_login_ok);
    const confirmed = unconfirmed.confirmUnseen();
    if (step.expect_check_code) expect(confirmed.checkCode).toBe(step.expect_check_code);
    channel = confirmed.channel;
  }
}

async function runScanner(devices: VectorDevices, { inputs, dialect, steps }: NegativeCase): Promise<void> {
  let initiating: InitiatingChannel | undefined;
  let channel: EstablishedChannel | undefined;
  for (const step of steps) {
    if (step.op === "open") {
      await runOpen(channel, step);
      continue;
    }
    const taken =
      step.op === "start"
        ? devices.initiate(bytes(step.g_public_key), bytes(step.aad), inputs, dialect)
        : initiating?.receiveLoginOk(step.message, bytes(step.aad));
    if (step.expect === "error") {
      await expect(taken).rejects.toMatchObject({ code: "message_not_authentic" });
      return;
    }
    const state = await taken;
    if (!state) throw new Error("The vector answers a message that was never sent.");
    if ("loginInitiate" in state) {
      initiating = state;
      if (step.expect_login_initiate) expect(state.loginInitiate).toBe(step.expect_login_initiate);
    } else {
      channel = state.channel;
      if (step.expect_check_code) expect(state.checkCode).toBe(step.expect_check_code);
    }
  }
}

async function runOpen(channel: EstablishedChannel | undefined, step: Step): Promise<void> {
  if (!channel) throw new Error("The vector opens a message before the handshake.");
  const opened = channel.open(step.message, bytes(step.aad));
  if (step.expect === "error") {
    await expect(opened).rejects.toMatchObject({ code: "message_not_authentic" });
  } else {
    expect(Buffer.from(await opened).toString("hex")).toBe(step.expect_plaintext_hex);
  }
}
