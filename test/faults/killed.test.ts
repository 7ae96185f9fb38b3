import { readdir } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import { revokeSession } from "../../src/session/connect.js";
import { logoutSession } from "../../src/session/logout.js";
import { SessionStore } from "../../src/session/store.js";
import { judgeFileWork } from "../support/file-work.js";
import { judge } from "./judge.js";
import { NEW_DEVICE, newSessionPath, signIn } from "./sign-in.js";
import { FaultyWorld } from "./world.js";

const OPTIONS = { version: "msc4388", generator: "new" } as const;
const { signal } = new AbortController();

afterEach(() => judgeFileWork(() => undefined));

/** A sign-in whose new device is killed in its nth operation on a file of its session; false where it has no nth. */
async function killedInFileWork(n: number): Promise<{ world: FaultyWorld; isKilled: boolean }> {
  const world = await FaultyWorld.make(() => undefined);
  let operations = 0;
  let isKilled = false;
  judgeFileWork(({ path }) => {
    if (!path.startsWith(newSessionPath(world)) || ++operations < n) return undefined;
    isKilled = true;
    world.devices.get("new")?.die();
    return "dies";
  });
  await signIn(world, OPTIONS);
  judgeFileWork(() => undefined);
  return { world, isKilled };
}

/** What is left of a device that was killed has to be found by those who look, and to go when it is signed out. */
async function expectFoundAndSwept(world: FaultyWorld): Promise<void> {
  const store = new SessionStore(world.directory);
  const [entry] = (await store.list()).filter(({ name }) => name === "new");
  const isLive = () => world.server.activeSessions().some(({ deviceId }) => deviceId === NEW_DEVICE);
  if (entry === undefined) {
    expect(isLive()).toBe(false);
    return;
  }
  expect(entry.failure).toBeUndefined();
  expect(entry.session?.device_id).toBe(NEW_DEVICE);
  const hadTokens = entry.session?.access_token !== undefined;
  const { world: network, clock } = world.device("new");
  const revoke = (session: Parameters<typeof revokeSession>[0]) => revokeSession(session, network, signal);
  await world.clock.runUntil(logoutSession(store, entry.path, revoke, clock, signal));
  if (hadTokens) expect(isLive()).toBe(false);
  expect(await readdir(world.directory)).toEqual(["existing.json"]);
}

describe("a new device that is killed", () => {
  it("in any operation on its file leaves what is found, whole, and swept by a logout", async () => {
    for (let n = 1; ; n++) {
      const { world, isKilled } = await killedInFileWork(n);
      await expectFoundAndSwept(world);
      await world.close();
      if (!isKilled) break;
      expect(n).toBeLessThan(200);
    }
  });

  it("at any request leaves a name for what was granted to it", async () => {
    for (let n = 1; ; n++) {
      let isKilled = false;
      const world = await FaultyWorld.make((sent) => {
        if (sent.device !== "new" || sent.n < n || isKilled) return undefined;
        return async ({ handle }) => {
          isKilled = true;
          world.devices.get("new")?.die();
          return handle();
        };
      });
      await signIn(world, OPTIONS);
      await expectFoundAndSwept(world);
      await world.close();
      if (!isKilled) break;
    }
  });
});

describe("an existing device that is killed", () => {
  it("at any request leaves its session as it was, and the new device ends by itself", async () => {
    for (let n = 1; ; n++) {
      let isKilled = false;
      const world = await FaultyWorld.make((sent) => {
        if (sent.device !== "existing" || sent.n < n || isKilled) return undefined;
        return async ({ handle }) => {
          isKilled = true;
          world.devices.get("existing")?.die();
          return handle();
        };
      });
      const { broken } = await judge(world, await signIn(world, OPTIONS));
      expect(broken).toEqual([]);
      await world.close();
      if (!isKilled) break;
    }
  });
});
