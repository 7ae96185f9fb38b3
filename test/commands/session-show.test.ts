import { writeFile } from "node:fs/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { sessionList, sessionShow } from "../../src/commands/session-show.js";
import { revealed } from "../../src/foundation/secret.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { json, options, type SessionCommands, sessionCommands } from "../support/session-commands.js";
import { fullSession, secretsOf, temporaryDirectory } from "../support/sessions.js";

let env: SessionCommands["env"];
let store: SessionCommands["store"];
let run: SessionCommands["run"];
let save: SessionCommands["save"];

beforeEach(async () => {
  ({ env, store, run, save } = await sessionCommands());
});

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
