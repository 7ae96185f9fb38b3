import { readFile, writeFile } from "node:fs/promises";
import { describe, expect } from "vitest";
import { nameOfUser } from "../../src/session/names.js";
import { call } from "../support/dev-homeserver.js";
import { it, type Machine } from "../support/machine.js";
import { fullSessionJson } from "../support/sessions.js";

/** What is done with sessions from a shell, by real processes. */

const AUTO_CONSENT = { autoConsent: "allow", autoConsentDelayMs: 0 } as const;

async function readSession(machine: Machine, name: string): Promise<Record<string, unknown>> {
  const text = await readFile(`${machine.sessionsFolder}/${name}.json`, "utf8");
  return JSON.parse(text) as Record<string, unknown>;
}

describe.concurrent("session check", () => {
  it("says in a line each what was found, and warns of a stale backup", async ({ machine }) => {
    const server = await machine.homeserver();
    await machine.addSession(server.existingSession, "bot");
    const { access_token: token } = server.existingSession;
    const json = { algorithm: "m.megolm_backup.v1.curve25519-aes-sha2", auth_data: { public_key: "AAAA" } };
    await call(server.baseUrl, "POST /_matrix/client/v3/room_keys/version", { token, json });
    const { code, stdout, stderr } = await machine.run(["session", "check", "bot"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.split("\n").map((line) => line.split(/\s+/, 2).join(" "))).toEqual([
      ...["ok token", "ok device", "ok secrets", "warning backup", ""],
    ]);
  });

  it.for([
    ["another user's token", { user_id: "@other:example.org" }, 5],
    ["secrets that aren't the account's", { secrets: fullSessionJson().secrets }, 5],
    ["a dead session", { access_token: "unknown", refresh_token: "unknown" }, 9],
    ["a homeserver that is away", { base_url: "http://127.0.0.1:9/" }, 7],
  ] as const)("of %s ends with its exit code", async ([, changes, code], { machine }) => {
    const server = await machine.homeserver();
    await machine.addSession({ ...server.existingSession, ...changes }, "bot");
    const { stdout, ...run } = await machine.run(["session", "check", "bot", "--json"]);
    expect(run.code).toBe(code);
    const [session, failure] = stdout.trim().split("\n");
    expect(JSON.parse(session ?? "")).toMatchObject({ event: "session", checks: { length: 4 } });
    expect(JSON.parse(failure ?? "")).toMatchObject({ event: "failure", exit_code: code });
  });
});

describe.concurrent("the name of a session", () => {
  it("may be the argument, must not contradict --session, and a near miss is named", async ({ machine }) => {
    await machine.addSession(fullSessionJson(), "laptop");
    await machine.addSession(fullSessionJson(), "phone");
    const shown = await machine.run(["session", "show", "laptop", "--session", "laptop"]);
    expect(shown.stdout).toMatch(/^name +laptop$/m);
    expect((await machine.run(["session", "logout", "laptop", "--session", "phone"])).code).toBe(2);
    const missed = await machine.run(["session", "token", "laptpo"]);
    expect(missed.code).toBe(9);
    expect(missed.stderr).toContain("Did you mean laptop?");
    expect(await machine.sessionFiles()).toEqual(["laptop.json", "phone.json"]);
  });

  it("is made of the user where nobody chose one: of an import", async ({ machine }) => {
    const server = await machine.homeserver();
    const name = nameOfUser(server.existingSession.user_id);
    await writeFile(machine.path("portable.json"), JSON.stringify(server.existingSession));
    for (const expected of [name, `${name}-2`]) {
      const { code, stdout } = await machine.run(["session", "import", "portable.json", "--json"]);
      expect(code).toBe(0);
      expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
        event: "session",
        name: expected,
      });
    }
    expect(await machine.sessionFiles()).toEqual([`${name}-2.json`, `${name}.json`].sort());
  });

  it("is made of the user where nobody chose one: of a sign-in", async ({ machine }) => {
    const server = await machine.homeserver(AUTO_CONSENT);
    const name = nameOfUser(server.account.userId);
    const taken = await machine.addSession(fullSessionJson(), name);
    const before = await readFile(taken, "utf8");
    await machine.addSession(server.existingSession);
    const newDevice = machine.start([
      ...["generate", "--json", "--channel", "msc4388", "--homeserver", server.baseUrl.href],
      ...["--expect-user", server.account.userId, "--check-code", "show"],
    ]);
    const { payload } = await newDevice.event("qr");
    const unattended = ["--session", "existing", "--yes", "--no-browser", "--plain"];
    machine.start(["scan", payload, ...unattended], { stdin: "none" });
    expect((await newDevice.ended).code, newDevice.describe()).toBe(0);
    const done = await newDevice.event("done");
    expect(done.session).toBe(`${machine.sessionsFolder}/${name}-2.json`);
    expect(await readSession(machine, `${name}-2`)).toMatchObject({
      device_id: done.device_id,
      state: "complete",
      token_lifetime_ms: 300_000,
    });
    expect(await readFile(taken, "utf8")).toBe(before);
    expect(await machine.sessionFiles()).toEqual(["existing.json", `${name}-2.json`, `${name}.json`].sort());
  });
});

describe.concurrent("session export and import", () => {
  it("hand on everything in between, other programs' fields included", async ({ machine }) => {
    const session = { ...fullSessionJson(), device_name: "Laptop", created_at: "2026-01-01T00:00:00Z" };
    const theirs = { "org.example.note": { kept: [1, null] }, oauth: { ...session.oauth, scope: "all" } };
    await machine.addSession({ ...session, ...theirs }, "laptop");
    const { stdout } = await machine.run(["session", "export", "laptop"]);
    expect(JSON.parse(stdout)).toEqual({ ...session, ...theirs });
    const args = ["session", "import", "-", "--offline", "--session", "again"];
    expect((await machine.run(args, { input: stdout })).code).toBe(0);
    expect(await readSession(machine, "again")).toEqual({ ...session, ...theirs, state: "complete" });
    expect((await machine.run(["session", "export", "again"])).stdout).toBe(stdout);
  });
});

describe.concurrent("session show", () => {
  it("shows tokens and keys with --show-secrets", async ({ machine }) => {
    const { access_token, refresh_token, secrets, device_keys, ...rest } = fullSessionJson();
    await machine.addSession({ ...rest, access_token, refresh_token, secrets, device_keys }, "bot");
    const json = await machine.run(["session", "show", "bot", "--show-secrets", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ access_token, refresh_token, secrets, device_keys });
    const plain = await machine.run(["session", "show", "bot", "--show-secrets"]);
    expect(plain.stdout).toMatch(new RegExp(`^access token +${access_token}$`, "m"));
  });
});

describe.concurrent("session logout", () => {
  it("keeps a session whose server is away as pending, without its keys, and says so", async ({
    machine,
  }) => {
    let isAway = true;
    const server = await machine.homeserver({
      intercept: () => (isAway ? { when: "before", answer: { status: 503, body: "{}" } } : undefined),
    });
    await machine.addSession(server.existingSession, "bot");
    const { code, stderr } = await machine.run(["session", "logout", "bot"]);
    expect(code).toBe(7);
    expect(stderr).toMatch(/could not be signed out[\s\S]*session logout/);
    const { secrets, device_keys, state } = await readSession(machine, "bot");
    expect({ secrets, device_keys, state }).toEqual({ state: "revocation_pending" });
    expect((await machine.run(["session", "list"])).stdout).toMatch(/^bot .* revocation_pending /m);
    isAway = false;
    expect((await machine.run(["session", "logout", "bot"])).code).toBe(0);
    expect(await machine.sessionFiles()).toEqual([]);
    expect(server.activeSessions()).toEqual([]);
  });
});
