import type { Intent } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import { isServerName } from "../foundation/identifiers.js";
import { isJsonObject, parseJson } from "../foundation/json.js";

/** What a code starts with: the stable text, or the one that MSC4388 §Unstable prefix gives meanwhile. */
export type QrPrefix = "MATRIX" | "IO_ELEMENT_MSC4388";

/** A sign-in code of MSC4388 §QR code format. */
export interface SignInQrCode {
  readonly channel: "msc4388";
  readonly prefix: QrPrefix;
  /** Which device shows the code. */
  readonly intent: Intent;
  /** The ephemeral Curve25519 key, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly rendezvousId: string;
  /** The text in the code, not normalised: the additional data of the channel may need it byte for byte. */
  readonly baseUrl: string;
}

/** A sign-in code of the 2024 version of MSC4108, §QR code format. */
export interface SignInQrCode2024 {
  readonly channel: "msc4108-2024";
  readonly prefix: "MATRIX";
  readonly intent: Intent;
  readonly publicKey: Uint8Array;
  readonly rendezvousUrl: string;
  /** Only an existing device gives it. Some clients write their base URL here. */
  readonly serverName?: string;
}

export type SignInQrPayload = SignInQrCode | SignInQrCode2024;

/** What a QR code is for, as far as its first bytes tell; nothing is said about the rest. */
export type QrCodeKind = "sign_in" | "device_verification" | "msc3906" | "web_link" | "unknown";

const TYPE_2024 = 0x02;
const TYPE_MSC4388 = 0x03;
const MODES_2024: Readonly<Record<Intent, number>> = { new: 0x03, existing: 0x04 };
const INTENTS: Readonly<Record<Intent, number>> = { new: 0x00, existing: 0x01 };
const KEY_LENGTH = 32;

/** Matrix specification, Appendices §Opaque identifiers. */
const OPAQUE_IDENTIFIER = /^(?!\.{1,2}$)[0-9A-Za-z._~-]{1,255}$/;
/** Stricter than the WHATWG parser, which forgives missing slashes and drops white space. */
const HTTP_URL = /^https?:\/\/[^\s\p{Cc}]+$/iu;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * @returns the code's bytes
 * @throws {Failure} `server_error` when a URL or an ID, all of which servers choose, doesn't fit the format
 */
export function encodeQrCode(code: SignInQrPayload): Uint8Array {
  if (code.publicKey.length !== KEY_LENGTH) throw new RangeError("A Curve25519 key has 32 bytes.");
  return new Uint8Array(Buffer.concat(code.channel === "msc4388" ? msc4388Fields(code) : fields2024(code)));
}

function msc4388Fields(code: SignInQrCode): Uint8Array[] {
  if (!OPAQUE_IDENTIFIER.test(code.rendezvousId)) {
    throw new Failure(
      "server_error",
      "The homeserver names the connection so that it doesn't fit into a QR code.",
    );
  }
  return [
    Buffer.from(code.prefix),
    Uint8Array.of(TYPE_MSC4388, INTENTS[code.intent]),
    code.publicKey,
    Uint8Array.of(code.rendezvousId.length),
    Buffer.from(code.rendezvousId),
    withLength16(code.baseUrl),
  ];
}

function fields2024(code: SignInQrCode2024): Uint8Array[] {
  const fields = [
    Buffer.from(code.prefix),
    Uint8Array.of(TYPE_2024, MODES_2024[code.intent]),
    code.publicKey,
    withLength16(code.rendezvousUrl),
  ];
  if (code.intent === "new") return fields;
  if (!code.serverName) throw new RangeError("An existing device has to name its server.");
  return [...fields, withLength16(code.serverName)];
}

/**
 * Reads a code's bytes. Every field has to be whole and nothing may follow the last one. URLs are http or
 * https; whether plain http is allowed is not decided here.
 *
 * @throws {Failure} `not_a_sign_in_code`, `malformed_sign_in_code`
 */
export function decodeQrCode(bytes: Uint8Array): SignInQrPayload {
  const { code, length } = readQrFields(bytes);
  if (length < bytes.length) throw malformed("something follows its last field");
  return code;
}

/** How many of the bytes are the sign-in code that they begin with; undefined where they begin with no whole one. */
export function signInCodeLength(bytes: Uint8Array): number | undefined {
  try {
    return readQrFields(bytes).length;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** The sign-in code that some bytes begin with, and its length. */
function readQrFields(bytes: Uint8Array): { code: SignInQrPayload; length: number } {
  refuseOtherCodes(recogniseQrCode(bytes));
  const prefix = startsWith(bytes, "MATRIX") ? "MATRIX" : "IO_ELEMENT_MSC4388";
  const fields = new FieldReader(bytes.subarray(prefix.length));
  const type = fields.uint8("type");
  let code: SignInQrPayload;
  if (type === TYPE_MSC4388) code = readMsc4388(fields, prefix);
  else if (prefix === "MATRIX" && type === TYPE_2024) code = read2024(fields, prefix);
  else throw malformed(`its type ${type} is unknown`);
  return { code, length: prefix.length + fields.offset };
}

function readMsc4388(fields: FieldReader, prefix: QrPrefix): SignInQrCode {
  return {
    channel: "msc4388",
    prefix,
    intent: intentOf(fields.uint8("intent"), INTENTS),
    publicKey: fields.bytes(KEY_LENGTH, "key"),
    rendezvousId: opaqueIdentifier(fields.text(fields.uint8("rendezvous ID"), "rendezvous ID")),
    baseUrl: httpUrl(fields.text(fields.uint16("base URL"), "base URL"), "base URL"),
  };
}

function read2024(fields: FieldReader, prefix: "MATRIX"): SignInQrCode2024 {
  const code: SignInQrCode2024 = {
    channel: "msc4108-2024",
    prefix,
    intent: intentOf(fields.uint8("mode"), MODES_2024),
    publicKey: fields.bytes(KEY_LENGTH, "key"),
    rendezvousUrl: httpUrl(fields.text(fields.uint16("rendezvous URL"), "rendezvous URL"), "rendezvous URL"),
  };
  if (code.intent === "new") return code;
  return { ...code, serverName: serverName(fields.text(fields.uint16("server name"), "server name")) };
}

/** Looks at the beginning of a code's bytes only, so a damaged sign-in code is still a sign-in code. */
export function recogniseQrCode(bytes: Uint8Array): QrCodeKind {
  if (startsWith(bytes, "IO_ELEMENT_MSC4388")) return "sign_in";
  if (startsWith(bytes, "MATRIX")) {
    const [type, mode] = bytes.subarray("MATRIX".length);
    if (type === undefined || type === TYPE_MSC4388) return "sign_in";
    if (type !== TYPE_2024) return "unknown";
    if (mode === undefined || mode === MODES_2024.new || mode === MODES_2024.existing) return "sign_in";
    // Client-server API §QR code format: verification uses the modes 0x00 to 0x02.
    return mode <= 0x02 ? "device_verification" : "unknown";
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 8)).toString("latin1");
  if (/^https?:\/\//i.test(text)) return "web_link";
  return isMsc3906(bytes) ? "msc3906" : "unknown";
}

function refuseOtherCodes(kind: QrCodeKind): void {
  switch (kind) {
    case "sign_in":
      return;
    case "device_verification":
      throw new Failure(
        "not_a_sign_in_code",
        "This QR code is for verifying a device that is signed in already, not for signing one in.",
        { hint: "On the other device, choose to link a new device, not to verify a session." },
      );
    case "msc3906":
      throw new Failure(
        "not_a_sign_in_code",
        "This sign-in QR code is of an abandoned kind, which nothing supports any more.",
        { hint: "Update the app on the other device, then have it show a new code." },
      );
    case "web_link":
      throw new Failure("not_a_sign_in_code", "This QR code is a web link, not a sign-in code.");
    case "unknown":
      throw new Failure("not_a_sign_in_code");
  }
}

/** MSC3906 puts JSON into its code: {"rendezvous": {...}, "intent": "..."}. */
function isMsc3906(bytes: Uint8Array): boolean {
  if (!startsWith(bytes, "{")) return false;
  const value = parseJson(bytes);
  return isJsonObject(value) && ("rendezvous" in value || "flow" in value);
}

class FieldReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** A copy: the caller keeps it beyond the code's own bytes. */
  bytes(length: number, field: string): Uint8Array {
    if (this.#offset + length > this.#bytes.length) throw malformed(`it ends inside the ${field}`);
    this.#offset += length;
    return new Uint8Array(this.#bytes.subarray(this.#offset - length, this.#offset));
  }

  uint8(field: string): number {
    const [value = 0] = this.bytes(1, field);
    return value;
  }

  uint16(field: string): number {
    const [high = 0, low = 0] = this.bytes(2, field);
    return high * 256 + low;
  }

  text(length: number, field: string): string {
    const bytes = this.bytes(length, field);
    try {
      return utf8.decode(bytes);
    } catch {
      throw malformed(`its ${field} is not UTF-8`);
    }
  }

  get offset(): number {
    return this.#offset;
  }
}

function intentOf(byte: number, values: Readonly<Record<Intent, number>>): Intent {
  if (byte === values.new) return "new";
  if (byte === values.existing) return "existing";
  throw malformed(`its intent ${byte} is unknown`);
}

function opaqueIdentifier(text: string): string {
  if (!OPAQUE_IDENTIFIER.test(text)) throw malformed("its rendezvous ID is not a valid one");
  return text;
}

function httpUrl(text: string, field: string): string {
  if (!HTTP_URL.test(text) || !URL.canParse(text)) throw malformed(`its ${field} is not an http(s) URL`);
  return text;
}

/** matrix-rust-sdk writes a base URL where the 2024 text wants a server name. */
function serverName(text: string): string {
  return isServerName(text) ? text : httpUrl(text, "server name");
}

function withLength16(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  if (bytes.length > 0xffff) {
    throw new Failure("server_error", "A URL of the homeserver is too long for a QR code.");
  }
  return Buffer.concat([Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return (
    bytes.length >= text.length && [...text].every((character, i) => character.charCodeAt(0) === bytes[i])
  );
}

function malformed(detail: string): Failure {
  return new Failure("malformed_sign_in_code", `This sign-in QR code is damaged: ${detail}.`);
}
