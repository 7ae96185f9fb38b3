import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "vitest";
import { expectRefusal, type Refusal } from "../support/refused-command.js";
import { temporaryDirectory } from "../support/sessions.js";

/** A port that nothing listens on: asking it would end in `network_error`. */
const SERVER = ["--homeserver", "http://127.0.0.1:9"];
const AS_NEW = ["generate", "--check-code", "stdin", ...SERVER];
const AS_EXISTING = ["generate", "--as", "existing", "--check-code", "stdin"];
const UNATTENDED = ["--yes", "--no-browser"];

const ROWS: Readonly<Record<string, Refusal>> = {
  "a check code that is shown, and no expected user": {
    args: ["generate", "--check-code", "show", ...SERVER],
    code: "usage_error",
    hint: "--expect-user",
  },
  "a check code that is shown by an existing device": {
    args: ["generate", "--as", "existing", "--check-code", "show", "--expect-user", "@alice:127.0.0.1:9"],
    code: "usage_error",
    hint: "--expect-user",
  },
  "nobody who types the check code": {
    args: ["generate", ...SERVER],
    code: "terminal_required",
    hint: "--check-code stdin",
  },
  "a picture that is neither PNG nor SVG": {
    args: [...AS_NEW, "--qr-file", "code.bmp"],
    code: "usage_error",
  },
  "a user ID that is none": { args: [...AS_NEW, "--expect-user", "alice"], code: "usage_error" },
  "a master key that is none": { args: [...AS_NEW, "--expect-master-key", "abc"], code: "usage_error" },
  "a device ID that is too short": { args: [...AS_NEW, "--device-id", "SHORT"], code: "usage_error" },
  "a session name that is none": { args: [...AS_NEW, "--session", ".hidden"], code: "usage_error" },
  "no homeserver, and nobody who names it": {
    args: ["generate", "--check-code", "stdin"],
    code: "homeserver_missing",
    hint: "--homeserver",
  },
  "no homeserver, and a person who doesn't name it": {
    args: ["generate"],
    typed: "\n",
    code: "homeserver_missing",
  },
  "plain http to the homeserver that the environment names": {
    args: ["generate", "--check-code", "stdin"],
    env: { MATRIX_QR_LOGIN_HOMESERVER: "http://example.org" },
    code: "url_refused",
  },
  "plain http to the place of the rendezvous session, which goes before the homeserver": {
    args: [...AS_NEW, "--rendezvous", "http://example.org"],
    code: "url_refused",
  },
  "secrets from two places": {
    args: [...AS_EXISTING, ...UNATTENDED, "--secrets", "a.json", "--recovery-key-file", "key"],
    code: "usage_error",
  },
  "check codes and the recovery key on stdin": {
    args: [...AS_EXISTING, ...UNATTENDED, "--recovery-key-file", "-"],
    code: "usage_error",
    hint: "as files",
  },
  "a place for an existing device's rendezvous session": {
    args: [...AS_EXISTING, ...UNATTENDED, "--rendezvous", "http://127.0.0.1:9"],
    code: "usage_error",
    hint: "newer version",
  },
  "no session, where the 2024 version allows for that place": {
    args: [
      ...[...AS_EXISTING, ...UNATTENDED],
      ...["--rendezvous", "http://127.0.0.1:9", "--channel", "msc4108-2024"],
    ],
    code: "session_not_found",
  },
  "nobody who would see the link": {
    args: [...AS_EXISTING, "--yes"],
    code: "terminal_required",
    hint: "--no-browser",
  },
  "nobody who says yes": {
    args: [...AS_EXISTING, "--no-browser"],
    code: "terminal_required",
    hint: "--yes",
  },
  "a person who says no": {
    args: ["generate", "--as", "existing"],
    typed: "n\n",
    code: "user_cancelled",
  },
};

describe("generate refuses, before it asks anything of the network,", () => {
  it.each(Object.entries(ROWS))("%s", (_name, row) => expectRefusal(row));

  it("a session file that is there already", async () => {
    const session = join(await temporaryDirectory(), "bot.json");
    await writeFile(session, "{}");
    await expectRefusal({ args: [...AS_NEW, "--session", session], code: "session_exists" });
  });
});
