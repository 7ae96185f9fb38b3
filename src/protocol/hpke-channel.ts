import { hkdfSync, randomBytes, type webcrypto } from "node:crypto";
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import {
  type AeadEncryptionContext,
  CipherSuite,
  DhkemX25519HkdfSha256,
  type EncryptionContext,
  type RecipientContext,
  type SenderContext,
} from "@hpke/core";
import type { Dialect } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import { decodeBase64, encodeBase64 } from "./base64.js";
import type {
  CheckCodes,
  EstablishedChannel,
  InitiatedChannel,
  InitiatingChannel,
  OfferedChannel,
  UnconfirmedChannel,
} from "./channel.js";
import { DIALECTS, type DialectChoice } from "./dialects.js";
import { HpkeKdf } from "./hpke-kdf.js";

/**
 * The secure channel of MSC4388: HPKE in base mode from S to G, and for the way back a context that is
 * derived as Oblivious HTTP does it (RFC 9458 §4.4).
 */

const KEY_BYTES = 32;
const RESPONSE_NONCE_BYTES = 32;
const TAG_BYTES = 16;
const INFO = new TextEncoder().encode("MATRIX_QR_CODE_LOGIN");
const LOGIN_INITIATE = Buffer.from("MATRIX_QR_CODE_LOGIN_INITIATE");
const LOGIN_OK = Buffer.from("MATRIX_QR_CODE_LOGIN_OK");

const aead = new Chacha20Poly1305();
const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HpkeKdf(), aead });

/** One direction of the channel: seals or opens, and counts. A failing open leaves the count as it was. */
interface Direction {
  seal(plaintext: Uint8Array, aad: Uint8Array): Promise<ArrayBuffer>;
  open(ciphertext: Uint8Array, aad: Uint8Array): Promise<ArrayBuffer>;
}

/** The context from G to S (MSC4388 §Secure channel, step 5): hpke-js makes none from a bare key. */
class ResponseContext implements Direction {
  readonly #key: AeadEncryptionContext;
  readonly #baseNonce: Uint8Array;
  #sequenceNumber = 0;

  constructor(secret: ArrayBuffer, sPublicKey: Uint8Array, responseNonce: Uint8Array) {
    const salt = Buffer.concat([sPublicKey, responseNonce]);
    const derive = (info: string, bytes: number) =>
      hkdfSync("sha256", Buffer.from(secret), salt, info, bytes);
    this.#key = aead.createEncryptionContext(derive("key", aead.keySize));
    this.#baseNonce = new Uint8Array(derive("nonce", aead.nonceSize));
  }

  /** RFC 9180 §5.2, ComputeNonce: the base nonce XOR the sequence number as 12 bytes big-endian. */
  #nonce(): Uint8Array {
    const counter = Buffer.alloc(aead.nonceSize);
    counter.writeUInt32BE(this.#sequenceNumber, aead.nonceSize - 4);
    return this.#baseNonce.map((byte, index) => byte ^ (counter[index] ?? 0));
  }

  async seal(plaintext: Uint8Array, aad: Uint8Array): Promise<ArrayBuffer> {
    const sealed = await this.#key.seal(this.#nonce(), plaintext, aad);
    this.#sequenceNumber++;
    return sealed;
  }

  async open(ciphertext: Uint8Array, aad: Uint8Array): Promise<ArrayBuffer> {
    const opened = await this.#key.open(this.#nonce(), ciphertext, aad);
    this.#sequenceNumber++;
    return opened;
  }
}

function notAuthentic(cause?: unknown): Failure {
  return new Failure("message_not_authentic", undefined, { cause });
}

/** Decodes a message and checks that it is long enough to hold `prefix` bytes and a tag. */
function unpack(message: string, prefixBytes: number): { prefix: Uint8Array; ciphertext: Uint8Array } {
  const bytes = decodeBase64(message);
  if (!bytes || bytes.length < prefixBytes + TAG_BYTES) throw notAuthentic();
  return { prefix: bytes.subarray(0, prefixBytes), ciphertext: bytes.subarray(prefixBytes) };
}

/** Whether a message of the handshake opens, and to the string it has to hold. */
async function opensTo(
  expected: Buffer,
  direction: Direction,
  ciphertext: Uint8Array,
  aad: Uint8Array,
): Promise<boolean> {
  try {
    return expected.equals(new Uint8Array(await direction.open(ciphertext, aad)));
  } catch {
    return false;
  }
}

async function responseContext(
  context: EncryptionContext,
  dialect: Dialect,
  sPublicKey: Uint8Array,
  responseNonce: Uint8Array,
): Promise<ResponseContext> {
  const secret = await context.export(new TextEncoder().encode(DIALECTS[dialect].response), KEY_BYTES);
  return new ResponseContext(secret, sPublicKey, responseNonce);
}

interface PublicKeys {
  readonly gPublicKey: Uint8Array;
  readonly sPublicKey: Uint8Array;
}

/** A dialect that may be the other device's, and the check code that it computes. */
interface Candidate {
  readonly dialect: Dialect;
  readonly code: string;
}

/** MSC4388 §Secure channel, step 6: a code from 10 to 99. */
async function candidate(context: EncryptionContext, dialect: Dialect, keys: PublicKeys): Promise<Candidate> {
  const exporterContext = DIALECTS[dialect].checkCode(keys.gPublicKey, keys.sPublicKey);
  const [first = 0, second = 0] = new Uint8Array(await context.export(exporterContext, 2));
  return { dialect, code: `${(first % 9) + 1}${second % 10}` };
}

function establishedChannel(sending: Direction, receiving: Direction): EstablishedChannel {
  return {
    seal: async (plaintext, aad) => encodeBase64(new Uint8Array(await sending.seal(plaintext, aad))),
    async open(message, aad) {
      const { ciphertext } = unpack(message, 0);
      try {
        return new Uint8Array(await receiving.open(ciphertext, aad));
      } catch (error) {
        throw notAuthentic(error);
      }
    },
  };
}

function checkCodes(candidates: readonly Candidate[]): CheckCodes {
  const [checkCode = "", other] = new Set(candidates.map(({ code }) => code));
  return other === undefined ? { checkCode } : { checkCode, alternative: other };
}

export interface HpkeOffer {
  /** Dialects whose check code is accepted. All of them must have the same response context. */
  readonly dialects: DialectChoice;
  /** (Gp, Gs); a fresh pair unless given, which only test vectors do. */
  readonly keyPair?: webcrypto.CryptoKeyPair;
  /** 32 bytes; random unless given, which only test vectors do. */
  readonly responseNonce?: Uint8Array;
}

/** MSC4388 §Secure channel, step 1, for the device that generates the QR code. */
export async function offerHpkeChannel(options: HpkeOffer): Promise<OfferedChannel> {
  const keyPair = options.keyPair ?? (await suite.kem.generateKeyPair());
  const publicKey = new Uint8Array(await suite.kem.serializePublicKey(keyPair.publicKey));
  let used = false;
  return {
    publicKey,
    async receiveLoginInitiate(message, aad) {
      if (used) throw notAuthentic();
      used = true;
      const { prefix: sPublicKey, ciphertext } = unpack(message, KEY_BYTES);
      let context: RecipientContext;
      try {
        context = await suite.createRecipientContext({ recipientKey: keyPair, enc: sPublicKey, info: INFO });
      } catch (error) {
        throw notAuthentic(error);
      }
      if (!(await opensTo(LOGIN_INITIATE, context, ciphertext, aad))) throw notAuthentic();
      return initiatedChannel(options, context, { gPublicKey: publicKey, sPublicKey });
    },
  };
}

function initiatedChannel(
  { dialects, responseNonce = randomBytes(RESPONSE_NONCE_BYTES) }: HpkeOffer,
  receiving: RecipientContext,
  keys: PublicKeys,
): InitiatedChannel {
  return {
    async sealLoginOk(aad) {
      const sending = await responseContext(receiving, dialects[0], keys.sPublicKey, responseNonce);
      const loginOk = encodeBase64(
        Buffer.concat([responseNonce, Buffer.from(await sending.seal(LOGIN_OK, aad))]),
      );
      const candidates = await Promise.all(dialects.map((dialect) => candidate(receiving, dialect, keys)));
      return { loginOk, channel: unconfirmedChannel(establishedChannel(sending, receiving), candidates) };
    },
  };
}

function unconfirmedChannel(
  channel: EstablishedChannel,
  candidates: readonly Candidate[],
): UnconfirmedChannel {
  return {
    confirm(code) {
      const match = candidates.find((candidate) => candidate.code === code);
      return match && { channel, dialect: match.dialect };
    },
    confirmUnseen: () => ({ channel, ...checkCodes(candidates) }),
  };
}

export interface InitiateOptions {
  /** Dialects that S understands; which response context G used shows when LoginOk opens. */
  readonly dialects: DialectChoice;
  /** Input of HPKE's DeriveKeyPair for (Sp, Ss); a fresh pair unless given, which only test vectors do. */
  readonly ephemeralKeyMaterial?: Uint8Array;
}

/**
 * MSC4388 §Secure channel, steps 1 and 4, for the device that scanned the QR code.
 *
 * @param gPublicKey Gp of the QR code, 32 bytes
 */
export async function initiateHpkeChannel(
  gPublicKey: Uint8Array,
  aad: Uint8Array,
  { dialects, ephemeralKeyMaterial }: InitiateOptions,
): Promise<InitiatingChannel> {
  let sending: SenderContext;
  try {
    sending = await suite.createSenderContext({
      recipientPublicKey: await suite.kem.deserializePublicKey(gPublicKey),
      info: INFO,
      ...(ephemeralKeyMaterial ? { ekm: ephemeralKeyMaterial } : {}),
    });
  } catch (error) {
    const message = "This sign-in QR code is damaged: the key in it can't be one.";
    throw new Failure("message_not_authentic", message, { cause: error });
  }
  const sPublicKey = new Uint8Array(sending.enc);
  const keys = { gPublicKey, sPublicKey };
  return {
    loginInitiate: encodeBase64(
      Buffer.concat([sPublicKey, Buffer.from(await sending.seal(LOGIN_INITIATE, aad))]),
    ),
    async receiveLoginOk(message, aad) {
      const { prefix: responseNonce, ciphertext } = unpack(message, RESPONSE_NONCE_BYTES);
      for (const dialect of dialects) {
        const receiving = await responseContext(sending, dialect, sPublicKey, responseNonce);
        if (!(await opensTo(LOGIN_OK, receiving, ciphertext, aad))) continue;
        const alike = dialects.filter((other) => DIALECTS[other].response === DIALECTS[dialect].response);
        const candidates = await Promise.all(alike.map((other) => candidate(sending, other, keys)));
        return { channel: establishedChannel(sending, receiving), dialect, ...checkCodes(candidates) };
      }
      throw notAuthentic();
    },
  };
}
