import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { revealed, Secret } from "../../src/foundation/secret.js";
import type { AccountHomeserver } from "../../src/protocol/homeserver.js";
import { importSession, readHandedInSession } from "../../src/session/import.js";
import { SessionStore } from "../../src/session/store.js";
import { expectFailure } from "../support/failures.js";
import { fakeAccount } from "../support/fake-account.js";
import { FakeClock } from "../support/fake-clock.js";
import { MemoryHomeserver } from "../support/memory-homeserver.js";
import { fullSession, publishedKeys, temporaryDirectory } from "../support/sessions.js";

const { signal } = new AbortController();
const { secrets, backup } = new MemoryHomeserver(new FakeClock());
const session = { ...fullSession(), secrets };

describe("readHandedInSession", () => {
  const empty = Readable.from([]);

  it("reads a file, or stdin for -", async () => {
    const path = join(await temporaryDirectory(), "portable");
    const text = JSON.stringify({ ...revealed(session), state: "incomplete", unknown: 1 });
    await writeFile(path, text);
    const stdin = Readable.from([Buffer.from(text)]);
    for (const source of [path, "-"]) {
      const { portable, json } = await readHandedInSession(source, stdin, signal);
      expect(portable).toEqual(session);
      expect(json.reveal()).toBe(text);
    }
  });

  it("reads no more than 1 MiB, and doesn't say what it read", async () => {
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(65_536, " ");
      })(),
    );
    await expectFailure("session_invalid", () => readHandedInSession("-", endless, signal));
    const text = Readable.from([Buffer.from('{"access_token": secret-value')]);
    const failure = await expectFailure("session_invalid", () => readHandedInSession("-", text, signal));
    expect(failure.stack).not.toContain("secret-value");
  });

  it("fails with exit 9 when there is no such file", async () => {
    const failure = await expectFailure("file_error", () => readHandedInSession("/no/such", empty, signal));
    expect(failure.kind).toBe("local");
  });

  it("ends with the signal's reason while stdin says nothing", async () => {
    const controller = new AbortController();
    const silent = new Readable({ read: () => controller.abort(new Failure("interrupted")) });
    await expectFailure("interrupted", () => readHandedInSession("-", silent, controller.signal));
  });
});

describe("importSession", () => {
  let store: SessionStore;
  let path: string;

  beforeEach(async () => {
    store = new SessionStore(await temporaryDirectory());
    path = store.pathOf("bot");
  });

  const runFor = (
    answers?: Partial<AccountHomeserver>,
    fields: object = revealed(session),
    file = store.newFile(path),
  ) =>
    importSession(
      { portable: session, json: new Secret(JSON.stringify(fields)) },
      store,
      file,
      answers && fakeAccount(publishedKeys(session), { backupVersion: async () => backup, ...answers }),
      new FakeClock(),
      signal,
    );

  const run = async (...args: Parameters<typeof runFor>) => (await runFor(...args)).session;

  it("makes a complete session of what the homeserver confirms", async () => {
    const imported = await run({});
    expect(imported).toEqual({ ...session, state: "complete", created_at: "2026-01-01T00:00:00.000Z" });
    expect(await store.read(path)).toEqual(imported);
  });

  it("believes the file when there is no homeserver to ask", async () => {
    await run();
    expect((await store.read(path)).state).toBe("complete");
  });

  it("has the session on disk, as unconfirmed, while it asks", async () => {
    let state: string | undefined;
    await run({
      whoami: async () => {
        ({ state } = await store.read(path));
        return { userId: session.user_id };
      },
    });
    expect(state).toBe("unconfirmed");
  });

  it("keeps what other programs have noted, and since when the session is there", async () => {
    const noted = { "org.example.note": { kept: [1] }, oauth: { ...session.oauth, scope: "all" } };
    const fields = {
      ...revealed(session),
      ...noted,
      device_name: "Laptop",
      created_at: "2025-01-01T00:00:00Z",
    };
    await run({}, fields);
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ ...fields, state: "complete" });
  });

  it("refuses what would not be a session file, and keeps nothing", async () => {
    const failure = await expectFailure("session_invalid", () =>
      run({}, { ...revealed(session), device_name: 1 }),
    );
    expect(failure.message).toContain('"device_name"');
    expect(await store.list()).toEqual([]);
  });

  it("names the session after its user, once the homeserver has said who that is", async () => {
    const file = store.newFile(path, false);
    let asked: string | undefined;
    const whoami = async () => {
      asked = file.path;
      return { userId: session.user_id };
    };
    await run({ whoami }, revealed(session), file);
    expect(asked).toBe(path);
    expect(file.path).toBe(store.pathOf("bot_example.org"));
    expect((await store.list()).map(({ name }) => name)).toEqual(["bot_example.org"]);
  });

  it("takes in a session whose backup key is stale, and says so", async () => {
    const current = backup && { ...backup, version: "another" };
    const { session: imported, findings } = await runFor({ backupVersion: async () => current });
    expect(imported.state).toBe("complete");
    expect(findings.filter(({ state }) => state !== "ok")).toMatchObject([
      { check: "backup", state: "warning", message: expect.stringContaining("stale") },
    ]);
  });

  it("takes in a session whose device nobody has verified yet, but none whose device is gone", async () => {
    const queryKeys = async () => ({ ...publishedKeys(session), deviceKeys: {} });
    expect((await run({ queryKeys, deviceExists: async () => true })).state).toBe("complete");
    await store.remove(path);
    await expectFailure("session_dead", () => run({ queryKeys, deviceExists: async () => false }));
    expect(await store.list()).toEqual([]);
  });

  it("leaves nothing behind when the check fails", async () => {
    await expectFailure("secrets_mismatch", () =>
      run({ queryKeys: async () => publishedKeys(fullSession()) }),
    );
    expect(await store.list()).toEqual([]);
  });

  it("keeps the only good tokens when the check fails after a refresh", async () => {
    const failure = await expectFailure("network_error", () =>
      run({
        whoami: async () => {
          await store.update(path, { access_token: new Secret("new"), refresh_token: new Secret("new") });
          throw new Failure("network_error");
        },
      }),
    );
    expect(failure.details.session).toBe(path);
    expect(await store.read(path)).toMatchObject({ access_token: new Secret("new"), state: "unconfirmed" });
  });

  it("never overwrites a session, and doesn't touch that one", async () => {
    await store.create(path, { ...fullSession(), access_token: new Secret("theirs"), state: "complete" });
    await expectFailure("session_exists", () => run({}));
    expect((await store.read(path)).access_token).toEqual(new Secret("theirs"));
  });
});
