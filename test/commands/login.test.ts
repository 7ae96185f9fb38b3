import { describe, it } from "vitest";
import { expectRefusal, type Refusal } from "../support/refused-command.js";

/** A port that nothing listens on: asking it would end in `network_error`. */
const SERVER = ["--homeserver", "http://127.0.0.1:9"];
const EXPECTED = ["--expect-user", "@alice:127.0.0.1:9"];

const ROWS: Readonly<Record<string, Refusal>> = {
  "no terminal, and no expected user": {
    args: ["login", ...SERVER, "--recovery-key-file", "-"],
    piped: "EsTc",
    code: "terminal_required",
    hint: "--expect-user",
  },
  "nobody who types the recovery key": {
    args: ["login", ...EXPECTED],
    code: "terminal_required",
    hint: "--recovery-key-file",
  },
  "a recovery key in a file that isn't there": {
    args: ["login", ...EXPECTED, "--recovery-key-file", "/nowhere/at/all"],
    code: "file_error",
  },
  "no homeserver, and a person who doesn't name it": {
    args: ["login"],
    typed: "\n",
    code: "homeserver_missing",
  },
  "a device ID that is too short": {
    args: ["login", ...EXPECTED, "--recovery-key-file", "-", "--device-id", "SHORT"],
    piped: "EsTc",
    code: "usage_error",
  },
  "a device to sign, and nobody who compares its fingerprint": {
    args: ["session", "sign-device"],
    code: "terminal_required",
    hint: "--fingerprint",
  },
  "a fingerprint that is none": {
    args: ["session", "sign-device", "--fingerprint", "abcd efgh"],
    code: "usage_error",
  },
};

describe("nothing is asked of the network", () => {
  it.each(Object.entries(ROWS))("for %s", (_name, refusal) => expectRefusal(refusal));
});
