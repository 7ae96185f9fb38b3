import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { sessionImport } from "../../../src/commands/session-import.js";
import type { DevHomeserver } from "../../../src/dev-homeserver/dev-homeserver.js";
import { revealed, Secret } from "../../../src/foundation/secret.js";
import { nameOfUser } from "../../../src/session/names.js";
import { devHomeserver } from "../../support/dev-homeserver.js";
import { expectFailure } from "../../support/failures.js";
import { json, options, type SessionCommands, sessionCommands } from "../../support/session-commands.js";
import { fullSessionJson, temporaryDirectory } from "../../support/sessions.js";

let store: SessionCommands["store"];
let run: SessionCommands["run"];
let save: SessionCommands["save"];

beforeEach(async () => {
  ({ store, run, save } = await sessionCommands());
});

/** The existing device's session in a file that is no session file of ours yet. */
async function portableFile(server: DevHomeserver, changes: object = {}): Promise<string> {
  const path = join(await temporaryDirectory(), "portable");
  await writeFile(path, JSON.stringify({ ...server.existingSession, ...changes }));
  return path;
}

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
