import { escapeText } from "../../../foundation/escape-text.js";
import { FAILURES } from "../../../foundation/failure-table.js";
import { isJsonObject, parseJson } from "../../../foundation/json.js";
import { NOTHING } from "../other-files.js";

/** What was handed in instead of a code, and what to do about it. */
export interface Finding {
  readonly message: string;
  readonly hint: string;
}

const ADDRESS = /^<?((?:https?|ftps?|sftp|s3|blob|content|about):\S+|www\.\S+\.\S+)>?$/i;

const MAX_ADDRESS = 8000;

/** Names an address, which is taken for no code's content even where it could be one. */
export function addressIn(text: string): Finding | undefined {
  const address = text.length > MAX_ADDRESS ? undefined : ADDRESS.exec(text.trim())?.[1];
  if (!address) return undefined;
  if (/^https?:\/\/matrix\.to\//i.test(address)) {
    return {
      message: `${escapeText(address)} is a web address, of a person or a room in Matrix, and no sign-in code.`,
      hint: FAILURES.not_a_sign_in_code.hint,
    };
  }
  return /^(?:blob|content|about):/i.test(address)
    ? {
        message: `${escapeText(address)} is an address that only one app understands.`,
        hint: "Save the picture of the code there, and give that file.",
      }
    : {
        message: `${escapeText(address)} is a web address, and nothing is fetched from there.`,
        hint: "If it is that of a picture of the code: download it (`curl -o code.png ADDRESS`), then give that file.",
      };
}

/** Names a text that has no code in it. */
export function describeText(text: string): Finding {
  if (text.trim() === "") return NOTHING;
  const address = addressIn(text);
  if (address) return address;
  if (/<html|<!doctype html|<body\b|<img\b/i.test(text)) {
    return {
      message: "This is a web page without a code in it: its pictures, if it has any, are elsewhere.",
      hint: "Save the picture of the code by itself, or take a screenshot.",
    };
  }
  const json = parseJson(Buffer.from(text));
  if (isJsonObject(json) && "access_token" in json) {
    return {
      message: "This is a session, not a QR code.",
      hint: "Give a picture of the code that the other device shows, or its payload as text.",
    };
  }
  return {
    message: "This is a text without a sign-in code in it.",
    hint: "Copy the whole payload, in base64 or hex, or give a picture of the code.",
  };
}
