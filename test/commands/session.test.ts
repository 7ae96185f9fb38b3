import { readFile, writeFile } from "node:fs/promises";
import { beforeEach, describe, expect, it } from "vitest";
import type { SignInContext } from "../../src/commands/context.js";
import { sessionExport, sessionLogout } from "../../src/commands/session.js";
import { sessionImport } from "../../src/commands/session-import.js";
import { revealed } from "../../src/foundation/secret.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import {
  json,
  options,
  type SessionCommands,
  sessionCommands,
  type Verb,
} from "../support/session-commands.js";
import { fullSession } from "../support/sessions.js";

let store: SessionCommands["store"];
let run: SessionCommands["run"];
let save: SessionCommands["save"];
let savedDevice: SessionCommands["savedDevice"];

beforeEach(async () => {
  ({ store, run, save, savedDevice } = await sessionCommands());
});

/** The same context where stdout is a terminal. */
function withTerminal(context: SignInContext): SignInContext {
  return { ...context, stdout: Object.assign(context.stdout, { isTTY: true }) };
}

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
