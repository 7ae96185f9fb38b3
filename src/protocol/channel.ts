import type { Dialect } from "../foundation/events.js";

/**
 * The secure channel as a sequence of states, the same for each version of it. Device G generates the QR
 * code, device S scans it. What a state can't do, its type doesn't have: before its user has confirmed the
 * check code, G can neither send nor receive.
 *
 * `aad` is the additional authenticated data (MSC4388 §Secure channel); the 2024 version has none and takes
 * no notice of it. Whatever can't be opened is a Failure `message_not_authentic`, and so is a public key
 * that contributes nothing to the shared secret.
 */

/** G, with its QR code on show. */
export interface OfferedChannel {
  /** Gp, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** MSC4388 §Secure channel, step 5: opens LoginInitiate. Works once; a failure ends the channel. */
  receiveLoginInitiate(message: string, aad: Uint8Array): Promise<InitiatedChannel>;
}

/** G, having opened LoginInitiate. */
export interface InitiatedChannel {
  /** MSC4388 §Secure channel, step 5: the answer that lets S show the check code. */
  sealLoginOk(aad: Uint8Array): Promise<{ readonly loginOk: string; readonly channel: UnconfirmedChannel }>;
}

/** The check codes that S may be showing, two digits each. */
export interface CheckCodes {
  readonly checkCode: string;
  /** What an older release computes, where which one S is can't be known. */
  readonly alternative?: string;
}

/** G, waiting for its user to type the code that S shows. */
export interface UnconfirmedChannel {
  /** MSC4388 §Secure channel, step 7. Undefined for a wrong code; that may be tried again. */
  confirm(code: string): ConfirmedChannel | undefined;
  /**
   * Goes on with the code unseen. `UnconfirmedSecureChannel` is the one that may ask for it, and does so only
   * for a new device that has to end up as an expected user.
   */
  confirmUnseen(): ConfirmedChannel & CheckCodes;
}

interface ConfirmedChannel {
  readonly channel: EstablishedChannel;
  readonly dialect?: Dialect;
}

/** S, waiting for G's answer. */
export interface InitiatingChannel {
  /** MSC4388 §Secure channel, step 4: the message to send first. */
  readonly loginInitiate: string;
  /** MSC4388 §Secure channel, step 6: S now knows that it talks to the device whose code it scanned. */
  receiveLoginOk(message: string, aad: Uint8Array): Promise<ConfirmedChannel & CheckCodes>;
}

/** Either device, once the channel is secure. */
export interface EstablishedChannel {
  seal(plaintext: Uint8Array, aad: Uint8Array): Promise<string>;
  /**
   * In MSC4388 a message that can't be opened leaves the channel as it was, so that another `aad` may be
   * tried. In the 2024 version it uses up a nonce, and nothing opens after it.
   */
  open(message: string, aad: Uint8Array): Promise<Uint8Array>;
}
