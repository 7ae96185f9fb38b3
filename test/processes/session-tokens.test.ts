import { readFile } from "node:fs/promises";
import { describe, expect } from "vitest";
import type { DevHomeserver, DevHomeserverOptions } from "../../src/dev-homeserver/dev-homeserver.js";
import { call } from "../support/dev-homeserver.js";
import { it, type Machine } from "../support/machine.js";

/** Sessions that are kept alive from scripts, by real processes. */

const TOKEN_PATH = "/oauth2/token";

/** Counts the refreshes that a homeserver is asked for. */
function counting(options: DevHomeserverOptions = {}) {
  let refreshes = 0;
  const intercept: NonNullable<DevHomeserverOptions["intercept"]> = (request) => {
    if (request.path === TOKEN_PATH) refreshes++;
    return options.intercept?.(request);
  };
  return { options: { ...options, intercept }, refreshes: () => refreshes };
}

/** Saves the existing device's session, whose access token expires in `seconds`. */
function addExpiring(machine: Machine, { existingSession }: DevHomeserver, seconds: number): Promise<string> {
  const expires_at = new Date(Date.now() + seconds * 1000).toISOString();
  return machine.addSession({ ...existingSession, expires_at }, "bot");
}

async function read(path: string): Promise<Record<string, string>> {
  return JSON.parse(await readFile(path, "utf8")) as Record<string, string>;
}

async function isGood({ baseUrl }: DevHomeserver, token: string): Promise<boolean> {
  return (await call(baseUrl, "GET /_matrix/client/v3/account/whoami", { token })).status === 200;
}

describe.concurrent("session token", () => {
  it("prints the access token that there is, and nothing else", async ({ machine }) => {
    const { options, refreshes } = counting();
    const server = await machine.homeserver(options);
    await machine.addSession(server.existingSession, "bot");
    const { access_token, expires_at } = server.existingSession;
    const plain = await machine.run(["session", "token"]);
    expect(plain).toEqual({ code: 0, stdout: `${access_token}\n`, stderr: "" });
    const json = await machine.run(["session", "token", "bot", "--json"]);
    expect(json.stdout.split("\n")).toHaveLength(2);
    expect(JSON.parse(json.stdout)).toEqual({ event: "token", access_token, expires_at });
    expect(refreshes()).toBe(0);
  });

  it("refreshes one that is not good for a minute, and has the new one on disk", async ({ machine }) => {
    const server = await machine.homeserver();
    const path = await addExpiring(machine, server, 30);
    const { stdout, code } = await machine.run(["session", "token", "bot"]);
    expect(code).toBe(0);
    expect(stdout.trim()).not.toBe(server.existingSession.access_token);
    expect(await read(path)).toMatchObject({ access_token: stdout.trim(), token_lifetime_ms: 300_000 });
    expect(await isGood(server, stdout.trim())).toBe(true);
  });

  it("never refreshes in the first half of a token's life, and says how long it is good", async ({
    machine,
  }) => {
    const { options, refreshes } = counting({ accessTokenLifetimeMs: 40_000 });
    const server = await machine.homeserver(options);
    await machine.addSession(server.existingSession, "bot");
    for (const form of ["--plain", "--json"]) {
      const { code, stdout, stderr } = await machine.run(["session", "token", "bot", form]);
      expect(code).toBe(0);
      expect(stdout).toContain(server.existingSession.access_token);
      expect(stdout.split("\n")).toHaveLength(2);
      expect(stderr).toMatch(/good for 3\d s, not for 60 s; the homeserver's live for 40 s\.\n$/);
    }
    expect(refreshes()).toBe(0);
  });

  it("says what to do next where the session is dead, by exit 9", async ({ machine }) => {
    const server = await machine.homeserver();
    await addExpiring(machine, server, -1);
    const form = {
      token: server.existingSession.refresh_token ?? "",
      client_id: server.existingSession.oauth?.client_id ?? "",
    };
    expect((await call(server.baseUrl, "POST /oauth2/revoke", { form })).status).toBe(200);
    for (const verb of ["token", "refresh"]) {
      const { code, stdout, stderr } = await machine.run(["session", verb, "bot"]);
      expect([code, stdout]).toEqual([9, ""]);
      expect(stderr).toMatch(/no longer accepts[\s\S]*session logout[\s\S]*sign in again/);
    }
  });

  it("has twenty processes at once share one refresh, and one chain of refresh tokens", async ({
    machine,
  }) => {
    const { options, refreshes } = counting();
    const server = await machine.homeserver(options);
    const path = await addExpiring(machine, server, -1);
    const verbs = Array.from({ length: 20 }, (_, index) => (index % 4 === 0 ? "refresh" : "token"));
    const ends = await Promise.all(verbs.map((verb) => machine.run(["session", verb, "bot"])));
    expect(ends.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual(verbs.map(() => 0));

    // Each `refresh` may have come after the one before: what counts is that none used a refresh token twice.
    expect(refreshes()).toBeLessThanOrEqual(1 + 5);
    const { access_token = "" } = await read(path);
    expect(await isGood(server, access_token)).toBe(true);
    const next = await machine.run(["session", "refresh", "bot", "--json"]);
    expect(JSON.parse(next.stdout)).toMatchObject({ event: "refreshed", name: "bot", path });
    expect(await isGood(server, (await read(path))["access_token"] ?? "")).toBe(true);
    expect(await machine.sessionFiles()).toEqual(["bot.json"]);
  });

  it("loses nothing to a kill between the homeserver's answer and the write", async ({ machine }) => {
    let reach: () => void = () => undefined;
    const granted = new Promise<void>((resolve) => {
      reach = resolve;
    });
    let isLost = true;
    const server = await machine.homeserver({
      intercept: ({ path }) => {
        if (path !== TOKEN_PATH || !isLost) return undefined;
        setImmediate(reach);
        return { when: "after" };
      },
    });
    const path = await addExpiring(machine, server, -1);
    const killed = machine.start(["session", "token", "bot"], { stdin: "none" });
    await granted;
    killed.kill("SIGKILL");
    await killed.ended;
    isLost = false;
    expect((await read(path))["refresh_token"]).toBe(server.existingSession.refresh_token);

    // It waits until the lock of the dead process is stale.
    const { code, stdout, stderr } = await machine.run(["session", "token", "bot"]);
    expect(code, stderr).toBe(0);
    expect(await isGood(server, stdout.trim())).toBe(true);
    expect((await machine.run(["session", "refresh", "bot"])).code).toBe(0);
  });
});
