import type { Dialect } from "../foundation/events.js";
import { encodeBase64 } from "./base64.js";

/**
 * Where MSC4388's text and its deployed implementations differ: two exporter contexts. With another response
 * context LoginOk doesn't open; with another check code context only the codes differ.
 */
interface DialectContexts {
  readonly response: string;
  checkCode(gPublicKey: Uint8Array, sPublicKey: Uint8Array): Uint8Array;
}

const CHECK_CODE_LABEL = "MATRIX_QR_CODE_LOGIN_CHECKCODE";

function rawCheckCodeContext(gPublicKey: Uint8Array, sPublicKey: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(CHECK_CODE_LABEL), gPublicKey, sPublicKey]);
}

export const DIALECTS: Readonly<Record<Dialect, DialectContexts>> = {
  msc: { response: "MATRIX_QR_CODE_LOGIN response", checkCode: rawCheckCodeContext },
  "vodozemac-0.11.1": { response: "MATRIX_QR_CODE_LOGIN_RESPONSE", checkCode: rawCheckCodeContext },
  "vodozemac-0.11.0": {
    response: "MATRIX_QR_CODE_LOGIN_RESPONSE",
    checkCode: (g, s) => Buffer.from(`${CHECK_CODE_LABEL}|${encodeBase64(g)}|${encodeBase64(s)}`),
  },
};

/** The dialects a device takes into account, the preferred one first. */
export type DialectChoice = readonly [Dialect, ...Dialect[]];

/** What can't be told apart by opening messages: the two vodozemac releases. The newer one goes first. */
export const VODOZEMAC_DIALECTS: DialectChoice = ["vodozemac-0.11.1", "vodozemac-0.11.0"];
export const ALL_DIALECTS: DialectChoice = ["msc", "vodozemac-0.11.1", "vodozemac-0.11.0"];
