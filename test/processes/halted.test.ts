import { readFile, utimes } from "node:fs/promises";
import { describe, expect } from "vitest";
import type { DevHomeserver, DevHomeserverOptions } from "../../src/dev-homeserver/dev-homeserver.js";
import type { CliProcess, ProcessEnd } from "../support/cli-process.js";
import { call } from "../support/dev-homeserver.js";
import { startPair, typeCheckCode } from "../support/device-pair.js";
import { it, type Machine } from "../support/machine.js";

/** Real processes that are stopped (SIGSTOP) while a request of theirs is on its way. */

const TOKEN_PATH = "/oauth2/token";
const METADATA_PATH = "/_matrix/client/v1/auth_metadata";
/** Longer than a lock lasts whose holder doesn't renew it, in seconds. */
const HALTED_S = 60;

/** Stops a process in the moment in which its next request to a path is there, and before it is handled. */
function stopAt(pathOfRequest: string) {
  let victim: CliProcess | undefined;
  let stop: () => void = () => undefined;
  let before: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const intercept: NonNullable<DevHomeserverOptions["intercept"]> = ({ path }) => {
    if (!victim || path !== pathOfRequest) return undefined;
    victim.kill("SIGSTOP");
    victim = undefined;
    before();
    // Once it is answered, as far as the homeserver is concerned.
    setImmediate(stop);
    return undefined;
  };
  return {
    intercept,
    stopped,
    next(next: CliProcess, beforeHandling: () => void = () => undefined) {
      victim = next;
      before = beforeHandling;
    },
  };
}

/** A session whose access token has expired; a process that refreshes it is stopped in the middle, for long. */
async function haltedInRefresh(machine: Machine, like: DevHomeserverOptions["like"], at: string) {
  const halt = stopAt(at);
  const server = await machine.homeserver({ intercept: halt.intercept, ...(like && { like }) });
  const expires_at = new Date(Date.now() - 1_000).toISOString();
  const path = await machine.addSession({ ...server.existingSession, expires_at }, "bot");
  const halted = machine.start(["session", "token", "bot"], { stdin: "none" });
  halt.next(halted);
  await halt.stopped;
  const long = Date.now() / 1_000 - HALTED_S;
  await utimes(`${path}.lock`, long, long);
  const second = await machine.run(["session", "token", "bot"]);
  halted.kill("SIGCONT");
  return { server, path, second, first: await halted.ended };
}

async function storedToken(path: string): Promise<string> {
  return (JSON.parse(await readFile(path, "utf8")) as { access_token: string }).access_token;
}

async function expectAlive(machine: Machine, server: DevHomeserver, path: string): Promise<void> {
  const token = await storedToken(path);
  expect((await call(server.baseUrl, "GET /_matrix/client/v3/account/whoami", { token })).status).toBe(200);
  const refreshed = await machine.run(["session", "refresh", "bot"]);
  expect(refreshed.code, refreshed.stderr).toBe(0);
  expect(await machine.sessionFiles()).toEqual(["bot.json"]);
}

const printed = ({ code, stdout, stderr }: ProcessEnd) => {
  expect(code, stderr).toBe(0);
  return stdout.trim();
};

describe.concurrent("a process that is stopped in a refresh, for longer than its lock lasts", () => {
  it("takes the tokens of a second one, to which the same refresh token is granted once more", async ({
    machine,
  }) => {
    const { server, path, first, second } = await haltedInRefresh(machine, undefined, TOKEN_PATH);
    expect(printed(first)).toBe(printed(second));
    expect(await storedToken(path)).toBe(printed(second));
    await expectAlive(machine, server, path);
  });

  it("sends no refresh token that a second one has used meanwhile", async ({ machine }) => {
    const { server, path, first, second } = await haltedInRefresh(machine, undefined, METADATA_PATH);
    expect(printed(first)).toBe(printed(second));
    await expectAlive(machine, server, path);
  });

  it("saves what it got, where the homeserver takes no refresh token twice", async ({ machine }) => {
    const { server, path, first, second } = await haltedInRefresh(machine, "continuwuity", TOKEN_PATH);
    expect([second.code, second.stdout]).toEqual([9, ""]);
    expect(await storedToken(path)).toBe(printed(first));
    await expectAlive(machine, server, path);
  });
});

describe.concurrent("a new device", () => {
  it("that is stopped while its tokens are on their way to it goes on as if nothing had been", async ({
    machine,
  }) => {
    const halt = stopAt(TOKEN_PATH);
    const server = await machine.homeserver({ intercept: halt.intercept });
    const pair = await startPair(machine, server, "new");
    await typeCheckCode(pair);
    const { user_code } = await pair.newDevice.event("waiting_for_consent");
    halt.next(pair.newDevice, () => expect(server.decide(user_code, "allow")).toBe(true));
    await halt.stopped;
    pair.newDevice.kill("SIGCONT");
    expect((await pair.newDevice.ended).code, pair.newDevice.describe()).toBe(0);
    expect((await pair.existingDevice.ended).code, pair.existingDevice.describe()).toBe(0);
    expect(pair.newDevice.lastEvent).toMatchObject({ event: "done", verified: true });
  });
});
