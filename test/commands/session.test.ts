import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { beforeEach, describe, expect, it } from "vitest";
import type { SignInContext } from "../../src/commands/context.js";
import type { GlobalOptions } from "../../src/commands/options/global.js";
import { sessionExport, sessionLogout } from "../../src/commands/session.js";
import { sessionCheck } from "../../src/commands/session-check.js";
import { sessionImport } from "../../src/commands/session-import.js";
import { sessionList, sessionShow } from "../../src/commands/session-show.js";
import type { DevHomeserver, DevHomeserverOptions } from "../../src/dev-homeserver/dev-homeserver.js";
import { revealed, Secret } from "../../src/foundation/secret.js";
import { sessionsDirectory } from "../../src/session/directory.js";
import { withSessionLock } from "../../src/session/lock.js";
import { nameOfUser } from "../../src/session/names.js";
import { parsePortableSession, type StoredSession } from "../../src/session/session-file.js";
import { SessionStore } from "../../src/session/store.js";
import { call, devHomeserver, signIn } from "../support/dev-homeserver.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import {
  fullSession,
  fullSessionJson,
  machineWith,
  secretsOf,
  temporaryDirectory,
} from "../support/sessions.js";

const options: GlobalOptions = { timeout: 600, allowHttp: [] };
const json = { ...options, json: true } as const;

let env: Record<string, string>;
let store: SessionStore;

beforeEach(async () => {
  env = { XDG_STATE_HOME: await temporaryDirectory() };
  store = new SessionStore(sessionsDirectory(machineWith(env)));
});

type Verb = (context: SignInContext) => Promise<void>;

/** Runs a verb as a process would, and gives what it wrote. */
async function run(verb: Verb, stdin = "", clock = new FakeClock()) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const { signal } = new AbortController();
  const streams = { stdin: Readable.from([Buffer.from(stdin)]), stdout, stderr };
  const written = (stream: PassThrough) => String(stream.read() ?? "");
  try {
    await verb({ ...streams, ...machineWith(env), clock, signal } as unknown as SignInContext);
  } catch (error) {
    expect(`${written(stdout)}${written(stderr)}`).not.toMatch(/session_removed|Imported|Refreshed/);
    throw error;
  }
  const out = written(stdout);
  const events = () =>
    out
      .trim()
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as object);
  return { out, err: written(stderr), events };
}

/** The same context where stdout is a terminal. */
function withTerminal(context: SignInContext): SignInContext {
  return { ...context, stdout: Object.assign(context.stdout, { isTTY: true }) };
}

const save = (name: string, changes: Partial<StoredSession> = {}) =>
  store.create(store.pathOf(name), { ...fullSession(), state: "complete", ...changes });

/** A homeserver whose existing device is saved here. */
async function savedDevice(
  serverOptions: DevHomeserverOptions = {},
  changes: Partial<StoredSession> = {},
): Promise<{ server: Awaited<ReturnType<typeof devHomeserver>>; path: string }> {
  const server = await devHomeserver(serverOptions);
  const path = store.pathOf("bot");
  const session = parsePortableSession(JSON.stringify(server.existingSession), "the server");
  await store.create(path, { ...session, state: "complete", ...changes });
  return { server, path };
}

/** The existing device's session in a file that is no session file of ours yet. */
async function portableFile(server: DevHomeserver, changes: object = {}): Promise<string> {
  const path = join(await temporaryDirectory(), "portable");
  await writeFile(path, JSON.stringify({ ...server.existingSession, ...changes }));
  return path;
}

describe("session list", () => {
  it("shows a table of all sessions on stdout, each with its state and age", async () => {
    await save("bot", { created_at: "2026-01-01T00:00:00Z" });
    const { user_id: _, ...unknownUser } = fullSession();
    await store.create(store.pathOf("started"), { ...unknownUser, state: "incomplete" });
    await writeFile(store.pathOf("torn"), "{");
    const clock = new FakeClock();
    await clock.advance(3 * 60 * 60 * 1000);
    const { out, err } = await run((context) => sessionList(options, context), "", clock);
    expect(out).toBe(
      [
        "NAME     USER              DEVICE      SERVER              STATE       AGE",
        "bot      @bot:example.org  ABCDEFGHIJ  matrix.example.org  complete    3 h",
        "started  -                 ABCDEFGHIJ  matrix.example.org  incomplete  -",
        "torn     -                 -           -                   unusable    -",
        "",
      ].join("\n"),
    );
    expect(err).toBe("");
  });

  it("says on stderr that there is none", async () => {
    const { out, err } = await run((context) => sessionList(options, context));
    expect(out).toBe("");
    expect(err).toContain(store.directory);
  });

  it("gives one event a line with --json, and nothing when there is none", async () => {
    expect((await run((context) => sessionList(json, context))).out).toBe("");
    await save("bot");
    await writeFile(store.pathOf("torn"), "{");
    const { events } = await run((context) => sessionList(json, context));
    expect(events()).toMatchObject([
      { event: "session", name: "bot", path: store.pathOf("bot"), state: "complete", cross_signing: true },
      { event: "session", name: "torn", state: "unusable", code: "session_invalid" },
    ]);
  });
});

describe("session show", () => {
  it("shows the only session, whatever its state", async () => {
    await save("bot", { state: "unconfirmed", device_name: "Build bot" });
    const { out } = await run((context) => sessionShow(options, context));
    expect(out).toMatch(/^device +ABCDEFGHIJ \(Build bot\)$/m);
    expect(out).toMatch(/^state +unconfirmed$/m);
    expect(out).toMatch(/^backup key +of version 1$/m);
  });

  it("takes the name as its argument too, which may not contradict --session", async () => {
    await save("bot");
    await save("other");
    for (const chosen of [{ name: "other" }, { name: "other", session: store.pathOf("other") }]) {
      const { out } = await run((context) => sessionShow({ ...options, ...chosen }, context));
      expect(out).toMatch(/^name +other$/m);
    }
    env["MATRIX_QR_LOGIN_SESSION"] = "bot";
    const { out } = await run((context) => sessionShow({ ...options, name: "other" }, context));
    expect(out).toMatch(/^name +other$/m);
    const failure = await expectFailure("usage_error", () =>
      run((context) => sessionShow({ ...options, name: "other", session: "bot" }, context)),
    );
    expect(failure.message).toContain("--session");
  });

  it("shows tokens and keys only with --show-secrets", async () => {
    const session = fullSession();
    await store.create(store.pathOf("bot"), { ...session, state: "complete" });
    for (const chosen of [options, json]) {
      const { out } = await run((context) => sessionShow({ ...chosen, showSecrets: true }, context));
      for (const secret of secretsOf(revealed(session))) expect(out).toContain(secret);
    }
  });

  it("fails with exit 9 when the session named is not there, and names the one that was meant", async () => {
    await save("laptop");
    const near = await expectFailure("session_not_found", () =>
      run((context) => sessionShow({ ...options, name: "laptpo" }, context)),
    );
    expect(near.hint).toBe("Did you mean laptop?");
    const path = `${await temporaryDirectory()}/laptpo.json`;
    const elsewhere = await expectFailure("session_not_found", () =>
      run((context) => sessionShow({ ...options, name: path }, context)),
    );
    expect(elsewhere.hint).not.toContain("laptop");
  });

  it("says how to make a session where there is none at all, whatever was named", async () => {
    for (const chosen of [options, { ...options, name: "bot" }]) {
      const missing = () =>
        expectFailure("session_not_found", () => run((context) => sessionShow(chosen, context)));
      expect((await missing()).hint).toContain("Make one: `matrix-qr-login generate`");
    }
    await save("laptop");
    const other = { ...options, name: "phone" };
    const failure = await expectFailure("session_not_found", () =>
      run((context) => sessionShow(other, context)),
    );
    expect(failure.hint).not.toContain("Make one");
  });

  it("fails with exit 9 when the session named is not there", async () => {
    const failure = await expectFailure("session_not_found", () =>
      run((context) => sessionShow({ ...options, session: "missing" }, context)),
    );
    expect(failure.kind).toBe("local");
  });
});

describe("list and show", () => {
  it("tell no secret and no token", async () => {
    const session = fullSession();
    await store.create(store.pathOf("bot"), { ...session, state: "complete" });
    for (const verb of [sessionList, sessionShow]) {
      for (const chosen of [options, json]) {
        const { out, err } = await run((context) => verb(chosen, context));
        expect(out).toContain(session.device_id);
        for (const secret of secretsOf(revealed(session))) expect(out + err).not.toContain(secret);
      }
    }
  });

  it("escape what could steer the terminal", async () => {
    const hostile = "\u001b[2J\u202e\n";
    await save("bot", { device_id: `A${hostile}`, device_name: hostile });
    for (const verb of [sessionList, sessionShow]) {
      const { out } = await run((context) => verb(options, context));
      for (const character of ["\u001b", "\u202e"]) expect(out).not.toContain(character);
      const lines = await run((context) => verb(json, context));
      for (const character of ["\u001b", "\u202e"]) expect(lines.out).not.toContain(character);
      expect(lines.events()).toMatchObject([{ device_id: `A${hostile}` }]);
    }
  });
});

describe("session check", () => {
  it("says in a line each that the token is good, the device verified, the secrets and the backup current", async () => {
    const { server } = await savedDevice();
    const { user_id, device_id } = server.existingSession;
    const { out } = await run((context) => sessionCheck(options, context));
    expect(out.split("\n")).toEqual([
      `ok       token    ${user_id} is signed in as device ${device_id}.`,
      "ok       device   The device is there, and verified.",
      "ok       secrets  The cross-signing keys are the account's.",
      "ok       backup   The backup key is that of the current backup, version 1.",
      "",
    ]);
    const { events } = await run((context) => sessionCheck(json, context));
    expect(events()).toMatchObject([
      {
        ...{ event: "session", name: "bot", state: "complete", verified: true },
        checks: ["token", "device", "secrets", "backup"].map((check) => ({ check, state: "ok" })),
      },
    ]);
  });

  it("warns of a stale backup key, which is no failure", async () => {
    const { server } = await savedDevice();
    const { access_token: token } = server.existingSession;
    const version = {
      algorithm: "m.megolm_backup.v1.curve25519-aes-sha2",
      auth_data: { public_key: "AAAA" },
    };
    const path = "POST /_matrix/client/v3/room_keys/version";
    expect((await call(server.baseUrl, path, { token, json: version })).status).toBe(200);
    const { out } = await run((context) => sessionCheck(options, context));
    expect(out).toMatch(/^warning {2}backup {3}The backup key is stale: .*version 1, .*version 2\.$/m);
  });

  it("says what a session has nothing of", async () => {
    const { path } = await savedDevice();
    await store.update(path, { secrets: undefined });
    const { out } = await run((context) => sessionCheck(options, context));
    expect(out).toMatch(/^- {8}secrets {2}The session has no cross-signing keys\.\n- {8}backup /m);
  });

  it("makes an unconfirmed session complete when the homeserver confirms it", async () => {
    const { path } = await savedDevice({}, { state: "unconfirmed" });
    await run((context) => sessionCheck(options, context));
    expect((await store.read(path)).state).toBe("complete");
  });

  it("doesn't write while another process refreshes: its tokens would be lost", async () => {
    const { path } = await savedDevice({}, { state: "unconfirmed" });
    const clock = new FakeClock();
    await withSessionLock(path, clock, new AbortController().signal, async () => {
      await expectFailure("session_locked", () =>
        clock.runUntil(run((context) => sessionCheck(options, context), "", clock)),
      );
    });
    expect((await store.read(path)).state).toBe("unconfirmed");
  });

  it("ends with exit 8 for a session that is still not verified", async () => {
    const server = await devHomeserver();
    const { accessToken } = await signIn(server, "NEWDEVICE1");
    const { base_url, user_id } = server.existingSession;
    const path = store.pathOf("bot");
    const session = { base_url, user_id, device_id: "NEWDEVICE1", access_token: new Secret(accessToken) };
    await store.create(path, { ...session, state: "unverified" });
    const failure = await expectFailure("signed_in_unverified", () =>
      run((context) => sessionCheck(options, context)),
    );
    expect(failure.kind).toBe("unverified");
    await store.update(path, { state: "complete" });
    const again = await expectFailure("signed_in_unverified", () =>
      run((context) => sessionCheck(json, context)),
    );
    expect(again.details).toMatchObject({ deviceId: "NEWDEVICE1", session: path });
  });

  it("completes an imported session that nobody has verified yet, and ends with exit 8", async () => {
    const server = await devHomeserver();
    const { accessToken } = await signIn(server, "NEWDEVICE1");
    const { base_url, user_id } = server.existingSession;
    const session = { base_url, user_id, device_id: "NEWDEVICE1", access_token: new Secret(accessToken) };
    await store.create(store.pathOf("bot"), { ...session, state: "unconfirmed" });
    await expectFailure("signed_in_unverified", () => run((context) => sessionCheck(options, context)));
    expect((await store.read(store.pathOf("bot"))).state).toBe("complete");
  });

  it("refreshes an expired token, and has the new one on disk", async () => {
    const { server, path } = await savedDevice();
    await server.clock.advance(301_000);
    const { out } = await run((context) => sessionCheck(options, context), "", server.clock);
    expect(out).toContain("there, and verified");
    const { access_token, refresh_token, expires_at } = await store.read(path);
    expect(access_token?.reveal()).not.toBe(server.existingSession.access_token);
    expect(refresh_token?.reveal()).not.toBe(server.existingSession.refresh_token);
    expect(expires_at).toBe("2026-01-01T00:10:01.000Z");
  });

  it("ends with exit 9 when the session is dead", async () => {
    await savedDevice({}, { access_token: new Secret("unknown"), refresh_token: new Secret("unknown") });
    const failure = await expectFailure("session_dead", () =>
      run((context) => sessionCheck(options, context)),
    );
    expect(failure.kind).toBe("local");
  });

  it("ends with exit 5 when the secrets or the device's keys are not the account's", async () => {
    const { path } = await savedDevice();
    const { secrets, device_keys } = fullSession();
    await store.update(path, { device_keys });
    await expectFailure("device_keys_mismatch", () => run((context) => sessionCheck(options, context)));
    await store.update(path, { secrets });
    await expectFailure("secrets_mismatch", () => run((context) => sessionCheck(options, context)));
  });

  it("ends with exit 7 when the homeserver can't be asked, and leaves the session as it was", async () => {
    const { path } = await savedDevice({ intercept: () => ({ when: "before" }) }, { state: "unconfirmed" });
    const clock = new FakeClock();
    const failure = await expectFailure("network_error", () =>
      clock.runUntil(run((context) => sessionCheck(options, context), "", clock)),
    );
    expect(failure.kind).toBe("network");
    expect((await store.read(path)).state).toBe("unconfirmed");
  });

  it("asks nobody about a sign-in that never finished, or that was ended", async () => {
    await save("bot", { state: "incomplete" });
    await expectFailure("session_incomplete", () => run((context) => sessionCheck(options, context)));
    await store.update(store.pathOf("bot"), { state: "revocation_pending" });
    await expectFailure("session_dead", () => run((context) => sessionCheck(options, context)));
  });
});

describe("session import", () => {
  it("saves a session that the homeserver confirms, under its user's name", async () => {
    const server = await devHomeserver();
    const file = await portableFile(server);
    const { out, err } = await run((context) => sessionImport(file, options, context));
    const path = store.pathOf(nameOfUser(server.existingSession.user_id));
    expect(revealed(await store.read(path))).toMatchObject({ ...server.existingSession, state: "complete" });
    expect(out).toBe("");
    expect(err).toContain(path);
    const again = await run((context) => sessionImport(file, json, context));
    expect(again.events().at(-1)).toMatchObject({ name: `${nameOfUser(server.existingSession.user_id)}-2` });
  });

  it("reads stdin for -, warns that it is shared, and takes the name of --session", async () => {
    const server = await devHomeserver();
    const text = JSON.stringify(server.existingSession);
    const chosen = { ...json, session: "bot" };
    const { events } = await run((context) => sessionImport("-", chosen, context), text);
    expect(events()).toMatchObject([
      { event: "warning", code: "session_shared" },
      { event: "session", name: "bot", state: "complete" },
    ]);
  });

  it("needs no homeserver with --offline", async () => {
    const text = JSON.stringify(fullSessionJson());
    const { err } = await run((context) => sessionImport("-", { ...options, offline: true }, context), text);
    expect(err).toMatch(/^Warning: If a running client /);
    expect((await store.read(store.pathOf("bot_example.org"))).state).toBe("complete");
  });

  it("warns of a session without secrets, which can't sign in another device", async () => {
    const { base_url, user_id, device_id, access_token } = fullSessionJson();
    const text = JSON.stringify({ base_url, user_id, device_id, access_token });
    const { events } = await run((context) => sessionImport("-", { ...json, offline: true }, context), text);
    expect(events()).toMatchObject([
      { event: "warning", code: "session_without_secrets" },
      { event: "session", cross_signing: false },
    ]);
  });

  it("keeps nothing of a session that the homeserver contradicts", async () => {
    const server = await devHomeserver();
    for (const [code, changes] of [
      ["secrets_mismatch", { secrets: fullSessionJson().secrets }],
      ["unexpected_user", { user_id: "@other:example.org" }],
      ["session_dead", { access_token: "unknown", refresh_token: null }],
    ] as const) {
      const file = await portableFile(server, changes);
      await expectFailure(code, () => run((context) => sessionImport(file, options, context)));
    }
    server.removeCrossSigning();
    const file = await portableFile(server);
    await expectFailure("cross_signing_missing", () =>
      run((context) => sessionImport(file, options, context)),
    );
    expect(await store.list()).toEqual([]);
  });

  it("refuses a homeserver over plain http that is not allowed, and keeps nothing", async () => {
    const text = JSON.stringify({ ...fullSessionJson(), base_url: "http://matrix.example.org/" });
    await expectFailure("url_refused", () => run((context) => sessionImport("-", options, context), text));
    expect(await store.list()).toEqual([]);
  });

  it("never overwrites", async () => {
    await save("bot", { access_token: new Secret("theirs") });
    const text = JSON.stringify(fullSessionJson());
    const chosen = { ...options, offline: true, session: "bot" } as const;
    await expectFailure("session_exists", () => run((context) => sessionImport("-", chosen, context), text));
    expect((await store.read(store.pathOf("bot"))).access_token).toEqual(new Secret("theirs"));
  });
});

describe("session export", () => {
  it("prints the portable session and nothing else, so that an import gets back what was exported", async () => {
    const theirs = { "org.example.note": { kept: [null] }, device_name: "Build bot" };
    const session = { ...fullSession(), ...theirs };
    await store.create(store.pathOf("bot"), { ...session, state: "complete" });
    const { out, err } = await run((context) => sessionExport(options, context));
    expect(JSON.parse(out)).toEqual(revealed(session));
    expect(err).toBe("");
    const line = await run((context) => sessionExport(json, context));
    expect(line.events()).toEqual([revealed(session)]);
    await store.remove(store.pathOf("bot"));
    await run((context) => sessionImport("-", { ...options, offline: true }, context), out);
    const { created_at: _, ...imported } = JSON.parse(
      (await run((context) => sessionExport(options, context))).out,
    );
    expect(imported).toEqual(revealed(session));
  });

  it("asks for --show-secrets on a terminal, and escapes there what could steer it", async () => {
    const hostile = "\u009b2J\u202e";
    await save("bot", { device_name: hostile });
    const onTerminal = (verb: Verb) => run((context) => verb(withTerminal(context)));
    const failure = await expectFailure("usage_error", () =>
      onTerminal((context) => sessionExport(options, context)),
    );
    expect(failure.hint).toContain("--show-secrets");
    const { out } = await onTerminal((context) => sessionExport({ ...options, showSecrets: true }, context));
    expect(out).not.toMatch(/[\u009b\u202e]/);
    expect(JSON.parse(out)).toMatchObject({ device_name: hostile });
  });

  it("refuses a sign-in that never finished", async () => {
    await save("bot", { state: "incomplete" });
    await expectFailure("session_incomplete", () => run((context) => sessionExport(options, context)));
  });
});

describe("session logout", () => {
  it("revokes the refresh token, then the access token, and deletes the file", async () => {
    const requests: string[] = [];
    const { server, path } = await savedDevice({
      intercept: ({ method, path: asked }) => {
        requests.push(`${method} ${asked}`);
        return undefined;
      },
    });
    const { err } = await run((context) => sessionLogout(options, context));
    expect(err).toContain(server.existingSession.device_id);
    expect(server.activeSessions()).toEqual([]);
    expect(requests.filter((request) => request.includes("revoke"))).toHaveLength(2);
    await expectFailure("session_not_found", () => store.read(path));
  });

  it("cleans up a sign-in that never finished", async () => {
    const { server } = await savedDevice({}, { state: "incomplete" });
    const { events } = await run((context) => sessionLogout(json, context));
    expect(events()).toMatchObject([
      { event: "session_removed", name: "bot", device_id: server.existingSession.device_id },
    ]);
    expect(server.activeSessions()).toEqual([]);
    expect(await store.list()).toEqual([]);
  });

  it("deletes what is left of a sign-in that had no tokens, and says where its device may be", async () => {
    const { base_url, device_id, oauth } = fullSession();
    const record = { state: "incomplete", base_url, device_id, oauth } as const;
    await store.create(store.pathOf("bot"), record);
    const { events } = await run((context) => sessionLogout(json, context));
    expect(events()).toMatchObject([
      { event: "warning", code: "left_behind", message: expect.stringContaining(device_id) },
      { event: "session_removed", name: "bot", device_id },
    ]);
    expect(await store.list()).toEqual([]);
    await store.create(store.pathOf("bot"), record);
    const { err } = await run((context) => sessionLogout(options, context));
    expect(err).toContain("https://auth.example.org/");
    expect(err).not.toContain("Signed out");
  });

  it("says that a file that is no session can only be deleted by hand, and which that is", async () => {
    const path = store.pathOf("junk");
    await save("bot");
    await writeFile(path, "{");
    const failure = await expectFailure("session_invalid", () =>
      run((context) => sessionLogout({ ...options, name: "junk" }, context)),
    );
    expect(failure.message).toContain(path);
    expect(failure.hint).toContain("by hand");
  });

  it("uses a plain logout for a session that is not OAuth's, and again after a lost answer", async () => {
    let isFirst = true;
    const { server } = await savedDevice({
      oauth: false,
      intercept: ({ path }) => {
        if (!path.endsWith("/logout") || !isFirst) return undefined;
        isFirst = false;
        return { when: "after" };
      },
    });
    const clock = new FakeClock();
    await clock.runUntil(run((context) => sessionLogout(options, context), "", clock));
    expect(server.activeSessions()).toEqual([]);
    expect(await store.list()).toEqual([]);
  });

  it("leaves the session as it was when its homeserver may not be asked", async () => {
    await save("bot", { base_url: "http://matrix.example.org/" });
    await expectFailure("url_refused", () => run((context) => sessionLogout(options, context)));
    expect(await store.read(store.pathOf("bot"))).toMatchObject({ state: "complete", secrets: {} });
  });

  it("keeps the session as pending with exit 7 when it can't be revoked, and finishes later", async () => {
    let isDown = true;
    const { server, path } = await savedDevice({
      intercept: () => (isDown ? { when: "before" } : undefined),
    });
    const clock = new FakeClock();
    const failure = await expectFailure("revocation_pending", () =>
      clock.runUntil(run((context) => sessionLogout(options, context), "", clock)),
    );
    expect(failure.kind).toBe("network");
    expect(failure.details).toMatchObject({ cleanup: "pending", session: path });
    expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ state: "revocation_pending" });
    isDown = false;
    await run((context) => sessionLogout(options, context));
    expect(server.activeSessions()).toEqual([]);
    expect(await store.list()).toEqual([]);
  });
});
