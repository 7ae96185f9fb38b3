import { mkdir, readFile, writeFile } from "node:fs/promises";
import { describe, expect } from "vitest";
import type { FailureCode } from "../../src/foundation/failures.js";
import { expectFailureOf } from "../support/failed-runs.js";
import { it, type Machine, type StartOptions } from "../support/machine.js";
import { strayCode, writeBlankPicture, writePicture } from "../support/qr-samples.js";
import { fullSessionJson } from "../support/sessions.js";

interface Row extends StartOptions {
  readonly name: string;
  readonly args: readonly string[];
  readonly code: FailureCode;
  /** What its hint has to name. */
  readonly hint?: string;
  /** Prepares the machine; what it returns takes the place of SOURCE in the arguments. */
  readonly given?: (machine: Machine) => Promise<string | undefined>;
}

const SOURCE = "SOURCE";
const UNATTENDED = ["--yes", "--no-browser"];
const SCAN = ["scan", SOURCE, ...UNATTENDED];
const SCAN_AS_NEW = ["scan", SOURCE, "--as", "new"];
/** A port that nothing listens on: asking it would end in `network_error`. */
const SERVER = ["--homeserver", "http://127.0.0.1:9"];
const GENERATE = ["generate", "--check-code", "stdin", ...SERVER];
const GENERATE_AS_EXISTING = ["generate", "--as", "existing", "--check-code", "stdin", ...UNATTENDED];

const newCode = strayCode("new").toString("base64");
const existingCode = strayCode("existing").toString("base64");

const picture = (content: string | Uint8Array) => (machine: Machine) =>
  writePicture(machine.path("code.png"), content);
const sessions =
  (...names: string[]) =>
  async (machine: Machine) => {
    await Promise.all(names.map((name) => machine.addSession(fullSessionJson(), name)));
    return undefined;
  };

const SOURCES: readonly Row[] = [
  { name: "no such file", args: ["scan", "nowhere.png", ...UNATTENDED], code: "source_not_found" },
  {
    name: "a directory",
    args: SCAN,
    code: "picture_unreadable",
    given: async (machine) => machine.path("."),
  },
  {
    name: "a file that is no picture",
    args: SCAN,
    code: "picture_unreadable",
    given: async (machine) => {
      await writeFile(machine.path("letter.png"), "Dear Bob, there is no picture in here at all.");
      return machine.path("letter.png");
    },
  },
  {
    name: "a picture without a code",
    args: SCAN,
    code: "no_qr_code",
    given: (machine) => writeBlankPicture(machine.path("blank.png")),
  },
  {
    name: "the code of a web link",
    args: SCAN,
    code: "not_a_sign_in_code",
    given: picture("https://example.org/menu"),
  },
  {
    name: "a code to verify a device",
    args: SCAN,
    code: "not_a_sign_in_code",
    given: picture(Buffer.concat([Buffer.from("MATRIX\x02\x00\x00\x05$flow"), Buffer.alloc(72, 7)])),
  },
  {
    name: "a code of MSC3906",
    args: SCAN,
    code: "not_a_sign_in_code",
    given: picture(
      JSON.stringify({
        rendezvous: { algorithm: "org.matrix.msc3903.rendezvous.v2.curve25519-aes-sha256", key: "AAAA" },
        intent: "login.start",
      }),
    ),
  },
  {
    name: "a code that was cut off",
    args: SCAN,
    code: "malformed_sign_in_code",
    given: picture(strayCode("new").subarray(0, 60)),
  },
  {
    name: "a payload that was cut off",
    args: ["scan", newCode.slice(0, 61), ...UNATTENDED],
    code: "malformed_sign_in_code",
  },
  { name: "nothing on stdin", args: ["scan", "-", ...UNATTENDED], input: "", code: "picture_unreadable" },
  {
    name: "an existing device's code, for an existing device",
    args: ["scan", existingCode, ...UNATTENDED],
    code: "wrong_intent",
    hint: "--as new",
  },
  {
    name: "a new device's code, for a new device",
    args: ["scan", newCode, "--as", "new"],
    code: "wrong_intent",
    hint: "without --as new",
  },
  {
    name: "a code with plain http to another host",
    args: SCAN_AS_NEW,
    code: "url_refused",
    hint: "--allow-http",
    given: async () => strayCode("existing", "http://matrix.example.org/").toString("base64"),
  },
];

const COMMAND_LINES: readonly Row[] = [
  { name: "an unknown option", args: [...GENERATE, "--frobnicate"], code: "usage_error" },
  { name: "an unknown channel", args: [...GENERATE, "--channel", "msc1"], code: "usage_error" },
  { name: "no time at all", args: [...GENERATE, "--timeout", "0"], code: "usage_error" },
  {
    name: "a picture and check codes on the same stdin",
    args: ["scan", "-", "--check-code", "stdin"],
    code: "usage_error",
  },
  {
    name: "--check-code show without --expect-user",
    args: ["generate", "--check-code", "show", ...SERVER],
    code: "usage_error",
    hint: "--expect-user",
  },
  {
    name: "--check-code show on an existing device",
    args: ["generate", "--as", "existing", "--check-code", "show", "--expect-user", "@alice:127.0.0.1:9"],
    code: "usage_error",
  },
  {
    name: "--rendezvous on an existing device",
    args: [...GENERATE_AS_EXISTING, "--rendezvous", "http://127.0.0.1:9"],
    code: "usage_error",
  },
  { name: "a user that is none", args: [...GENERATE, "--expect-user", "alice"], code: "usage_error" },
  { name: "a key that is none", args: [...GENERATE, "--expect-master-key", "abc"], code: "usage_error" },
  { name: "a device ID that is too short", args: [...GENERATE, "--device-id", "SHORT"], code: "usage_error" },
  {
    name: "a homeserver that is none",
    args: [...GENERATE, "--homeserver", "not a server"],
    code: "usage_error",
  },
  { name: "another kind of picture", args: [...GENERATE, "--qr-file", "code.bmp"], code: "usage_error" },
  { name: "a URL for --allow-http", args: [...GENERATE, "--allow-http", "http://a/"], code: "usage_error" },
  {
    name: "plain http to another host",
    args: [...GENERATE, "--homeserver", "http://example.org"],
    code: "url_refused",
  },
];

const NOBODY_THERE: readonly Row[] = [
  {
    name: "nobody who says yes",
    args: ["scan", newCode, "--no-browser"],
    code: "terminal_required",
    hint: "--yes",
  },
  {
    name: "nobody who would see the link",
    args: ["scan", newCode, "--yes"],
    code: "terminal_required",
    hint: "--no-browser",
  },
  {
    name: "nobody who names the homeserver",
    args: ["generate", "--check-code", "stdin"],
    code: "homeserver_missing",
    hint: "--homeserver",
  },
  {
    name: "nobody who types the check code",
    args: ["generate", ...SERVER],
    code: "terminal_required",
    hint: "--check-code",
  },
];

const SESSIONS: readonly Row[] = [
  { name: "no session", args: GENERATE_AS_EXISTING, code: "session_not_found" },
  {
    name: "several sessions",
    args: GENERATE_AS_EXISTING,
    code: "session_ambiguous",
    hint: "--session",
    given: sessions("one", "two"),
  },
  {
    name: "a session of that name",
    args: [...GENERATE, "--session", "one"],
    code: "session_exists",
    given: sessions("one"),
  },
  {
    name: "a session file that is none",
    args: [...GENERATE_AS_EXISTING, "--session", "./broken.json"],
    code: "session_invalid",
    given: async (machine) => {
      await writeFile(machine.path("broken.json"), "{}", { mode: 0o600 });
      return undefined;
    },
  },
  {
    name: "a session without secrets",
    args: GENERATE_AS_EXISTING,
    code: "secrets_missing",
    hint: "--secrets",
    given: async (machine) => {
      const { secrets: _, ...session } = fullSessionJson();
      await machine.addSession(session, "bare");
      return undefined;
    },
  },
  {
    name: "a session that was never finished",
    args: [...GENERATE_AS_EXISTING, "--session", "half"],
    code: "session_incomplete",
    hint: "session logout",
    given: async (machine) => {
      await machine.addSession({ ...fullSessionJson(), state: "incomplete" } as object, "half");
      return undefined;
    },
  },
  {
    name: "a session where no folder can be",
    args: [...GENERATE, "--session", "./file/new.json"],
    code: "file_error",
    given: async (machine) => {
      await writeFile(machine.path("file"), "");
      return undefined;
    },
  },
  {
    name: "a trace where no file can be",
    args: [...GENERATE, "--trace", "./folder"],
    code: "file_error",
    given: async (machine) => {
      await mkdir(machine.path("folder"));
      return undefined;
    },
  },
];

describe.for([
  ["a source that can't be used", SOURCES],
  ["a command line that can't be meant", COMMAND_LINES],
  ["no terminal, and", NOBODY_THERE],
  ["a session that can't be used", SESSIONS],
] as const)("%s is refused before anything is asked of the network", ([, rows]) => {
  it.concurrent.for(rows.map((row) => [row.name, row] as const))("%s", async ([, row], { machine }) => {
    const { args, code, hint, given, ...options } = row;
    const source = (await given?.(machine)) ?? SOURCE;
    const before = await machine.written();
    const trace = machine.path("trace.ndjson");
    const traced = args.includes("--trace") ? [] : ["--trace", trace];
    const all = [...args.map((arg) => (arg === SOURCE ? source : arg)), "--json", ...traced];
    const run = machine.start(all, options.input === undefined ? { stdin: "none" } : options);
    const failure = await expectFailureOf(run, code);
    if (hint) expect(failure.hint).toContain(hint);
    expect(failure.cleanup).toBe("none");
    expect(failure.message.length).toBeLessThan(200);
    // A run that asks the network anything has written it there.
    expect(await readFile(trace, "utf8").catch(() => "")).toBe("");
    const after = await machine.written();
    expect(after.filter((line) => !before.includes(line) && !isExpected(line))).toEqual([]);
  });
});

/** The trace that was asked for, and the empty folders for sessions. */
function isExpected(line: string): boolean {
  return line === "0600 work/trace.ndjson" || /^0700 state\/matrix-qr-login(\/sessions)?$/.test(line);
}
