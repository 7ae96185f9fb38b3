import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "vitest";
import { strayCode } from "../support/qr-samples.js";
import { expectRefusal, type Refusal } from "../support/refused-command.js";
import { temporaryDirectory } from "../support/sessions.js";

const UNATTENDED = ["--yes", "--no-browser"];
const newCode = strayCode("new").toString("base64");
const existingCode = strayCode("existing").toString("base64");
const AS_NEW = ["scan", existingCode, "--as", "new"];

const NOTHING = "Cancelled. Nothing was signed in.";

const ROWS: Readonly<Record<string, Refusal>> = {
  "nobody who says yes": {
    args: ["scan", newCode, "--no-browser"],
    code: "terminal_required",
    hint: "--yes",
  },
  "nobody who would see the link": {
    args: ["scan", newCode, "--yes"],
    code: "terminal_required",
    hint: "--no-browser",
  },
  "nobody who would see the link, whatever there is to read": {
    args: ["scan", "nowhere.png", "--yes"],
    code: "terminal_required",
  },
  "a person who says no": { args: ["scan", newCode], typed: "n\n", code: "user_cancelled", message: NOTHING },
  "a code that is none, before a person is asked about it": {
    args: ["scan", "nowhere.png"],
    typed: "n\n",
    code: "source_not_found",
  },
  "a person who leaves without an answer": {
    args: ["scan", newCode],
    typed: "",
    code: "user_cancelled",
    message: NOTHING,
  },
  "a file that isn't there": { args: ["scan", "nowhere.png", ...UNATTENDED], code: "source_not_found" },
  "nothing that it can read on stdin": { args: ["scan", "-", ...UNATTENDED], code: "no_qr_code" },
  "an existing device's code, for an existing device": {
    args: ["scan", existingCode, ...UNATTENDED],
    code: "wrong_intent",
    hint: "--as new",
  },
  "an existing device's code on stdin, for an existing device": {
    args: ["scan", "-", ...UNATTENDED],
    piped: existingCode,
    code: "wrong_intent",
  },
  "a new device's code, for a new device": {
    args: ["scan", newCode, "--as", "new"],
    code: "wrong_intent",
    hint: "without --as new",
  },
  "secrets from two places": {
    args: ["scan", newCode, ...UNATTENDED, "--secrets", "a.json", "--recovery-key-file", "key"],
    code: "usage_error",
  },
  "a picture and the recovery key on stdin": {
    args: ["scan", "-", ...UNATTENDED, "--recovery-key-file", "-"],
    code: "usage_error",
    hint: "as files",
  },
  "a user ID that is none": { args: [...AS_NEW, "--expect-user", "alice"], code: "usage_error" },
  "a master key that is none": { args: [...AS_NEW, "--expect-master-key", "abc"], code: "usage_error" },
  "a device ID that is too short": { args: [...AS_NEW, "--device-id", "SHORT"], code: "usage_error" },
  "no session to sign the other device in with": {
    args: ["scan", newCode, ...UNATTENDED],
    code: "session_not_found",
  },
};

describe("scan refuses, before it asks anything of the network,", () => {
  it.each(Object.entries(ROWS))("%s", (_name, row) => expectRefusal(row));

  it("a session file that is there already", async () => {
    const session = join(await temporaryDirectory(), "bot.json");
    await writeFile(session, "{}");
    await expectRefusal({ args: [...AS_NEW, "--session", session], code: "session_exists" });
  });
});
