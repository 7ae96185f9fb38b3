import { readdir } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { ChannelVersion, Intent } from "../../src/foundation/events.js";
import { revokeSession } from "../../src/session/connect.js";
import { logoutSession } from "../../src/session/logout.js";
import { SessionStore } from "../../src/session/store.js";
import { judgeFileWork } from "../support/file-work.js";
import { judge } from "./judge.js";
import { NEW_DEVICE, newSessionPath, type SignInOptions, signIn } from "./sign-in.js";
import { FaultyWorld } from "./world.js";

const OPTIONS = { version: "msc4388", generator: "new" } as const;
const VERSIONS: readonly ChannelVersion[] = ["msc4388", "msc4108-2024"];
const GENERATORS: readonly Intent[] = ["new", "existing"];
const WAYS: readonly SignInOptions[] = VERSIONS.flatMap((version) =>
  GENERATORS.map((generator) => ({ version, generator })),
);
/** A logout that nothing hinders is over long before. */
const LOGOUT_MS = 60_000;
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

/** A sign-in one of whose devices is killed when the homeserver has handled its nth request; false where it has no nth. */
async function killedAtRequest(options: SignInOptions, killed: Intent, n: number) {
  let requests = 0;
  let isKilled = false;
  const world = await FaultyWorld.make(({ device }) => {
    if (device !== killed || ++requests !== n) return undefined;
    return async ({ handle }) => {
      isKilled = true;
      world.devices.get(killed)?.die();
      return handle();
    };
  });
  const ends = await signIn(world, options);
  // What is asked to clean up after it meets nothing any more.
  requests = n;
  return { world, ends, isKilled };
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
  const loggedOut = logoutSession(store, entry.path, revoke, clock, signal);
  await world.clock.runUntil(loggedOut, world.clock.now() + LOGOUT_MS);
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

  it.each(WAYS)(
    "at any request of $version, code of the $generator device, leaves a name for what was granted to it",
    async (options) => {
      for (let n = 1; ; n++) {
        const { world, isKilled } = await killedAtRequest(options, "new", n);
        await expectFoundAndSwept(world);
        await world.close();
        if (!isKilled) break;
      }
    },
  );
});

describe("an existing device that is killed", () => {
  it.each(WAYS)(
    "at any request of $version, code of the $generator device, leaves its session as it was, and the new device ends by itself",
    async (options) => {
      for (let n = 1; ; n++) {
        const { world, ends, isKilled } = await killedAtRequest(options, "existing", n);
        expect((await judge(world, ends)).broken, `killed at its request ${n}`).toEqual([]);
        await world.close();
        if (!isKilled) break;
      }
    },
  );
});
