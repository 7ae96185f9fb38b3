import { goodAccessToken } from "../../src/session/access-token.js";
import { connectSession } from "../../src/session/connect.js";
import { SessionStore } from "../../src/session/store.js";
import { outcomeOf } from "./command.js";
import { existingSessionPath } from "./sign-in.js";
import type { FaultyWorld } from "./world.js";

const MINUTE_MS = 60_000;
const LONGEST_MS = 600_000;
const { signal } = new AbortController();

/** Whatever came of it: the next time, without a fault, the session has a good token. */
export async function unusable(world: FaultyWorld): Promise<string[]> {
  const store = new SessionStore(world.directory);
  const path = existingSessionPath(world);
  const network = world.device("existing").world;
  const connected = connectSession(store, path, await store.read(path), network);
  const good = goodAccessToken(store, path, connected, MINUTE_MS, network.clock, signal);
  await world.clock.runUntil(outcomeOf(good), world.clock.now() + LONGEST_MS);
  const printed = await good.catch(() => undefined);
  const isGood = printed && (await world.isGood(printed.session.access_token.reveal()));
  return isGood ? [] : ["the session can't be used any more"];
}
