import { readFile, writeFile } from "node:fs/promises";
import { describe } from "vitest";
import { isJsonObject, parseJson } from "../../src/foundation/json.js";
import { ed25519PublicKey, isSignedBy } from "../../src/protocol/signatures.js";
import { DeviceSigner } from "../../src/proxy/device-signer.js";
import type { EmitProxyEvent, ProxyEvent } from "../../src/proxy/events.js";
import { Pace } from "../../src/proxy/pace.js";
import { TokenKeeper } from "../../src/proxy/token-keeper.js";
import { Upstream } from "../../src/proxy/upstream.js";
import { connectSession } from "../../src/session/connect.js";
import { toPortable } from "../../src/session/session-file.js";
import { SessionStore } from "../../src/session/store.js";
import { clientKeys } from "../support/client-keys.js";
import { Bot, streamsOver } from "./bot.js";
import { type Command, outcomeOf, testCommand } from "./command.js";
import { existingSessionPath } from "./sign-in.js";
import { unusable } from "./usable.js";
import { BASE_URL, type FaultyWorld } from "./world.js";

const LONGEST_MS = 900_000;
/** So short that it is renewed while the bot runs, when half of it is over. */
const LIFETIME_MS = 60_000;
const BETWEEN_REQUESTS_MS = 20_000;
const REQUESTS = 3;
const WHOAMI = "/_matrix/client/v3/account/whoami";
const UPLOAD = "/_matrix/client/v3/keys/upload";

/** A bot whose device keys are signed in flight, and whose tokens are renewed under it. */
const sessionRun: Command = {
  options: { accessTokenLifetimeMs: LIFETIME_MS },
  async run(world) {
    const { store, path, session } = await deferredSession(world);
    const device = world.device("existing");
    const { clock } = device.world;
    const events: ProxyEvent[] = [];
    const emit: EmitProxyEvent = (event) => void events.push(event);
    const ended = new AbortController();
    const { signal } = ended;
    const { homeserver, accessTokens } = connectSession(store, path, session, device.world);
    const keeper = new TokenKeeper({ store, path, accessTokens, clock, emit, signal });
    const { user_id: userId, device_id: deviceId, secrets } = session;
    if (!secrets) throw new TypeError("The session has secrets.");
    const signer = new DeviceSigner({
      ...{ store, path, userId, deviceId, secrets, homeserver, clock, emit, signal },
    });
    const upstream = new Upstream({ baseUrl: BASE_URL, transport: streamsOver(device), clock, emit });
    const bot = new Bot(world, { upstream, keeper, signer, pace: new Pace(clock) });
    const keeping = keeper.keepFresh();

    const keys = clientKeys(userId, deviceId);
    const work = async () => {
      await bot.ask("POST", UPLOAD, { device_keys: keys.deviceKeys });
      for (let count = 0; count < REQUESTS; count++) {
        await bot.ask("GET", WHOAMI);
        await world.clock.sleep(BETWEEN_REQUESTS_MS);
      }
    };
    const outcome = await world.clock.runUntil(outcomeOf(work()), LONGEST_MS);
    ended.abort();
    await world.clock.runUntil(keeping, world.clock.now() + LONGEST_MS);

    const published = world.server.devices().find((each) => each.deviceId === deviceId)?.deviceKeys;
    const selfSigning = ed25519PublicKey(
      Buffer.from(secrets.cross_signing.self_signing_key.reveal(), "base64"),
    );
    const isSigned = published !== undefined && isSignedBy(published, userId, selfSigning, selfSigning);
    const file = parseJson(await readFile(path));
    const isNoted = isJsonObject(file) && file["device_keys_state"] === "signed";
    const isWarned = events.some(
      (event) => event.event === "warning" && event.code === "signature_unconfirmed",
    );
    return {
      ended: outcome,
      broken: [
        ...bot.trouble,
        ...(isSigned ? [] : ["the device keys are not signed"]),
        ...(isNoted || isWarned ? [] : ["nothing says whether they are"]),
        ...(await unusable(world)),
        ...(keeper.death ? [`the session is taken for dead: ${keeper.death.code}`] : []),
      ],
    };
  },
};

/** A session whose device keys are left to the bot: the homeserver has none yet. */
async function deferredSession(world: FaultyWorld) {
  const { device_keys: _, ...session } = world.server.existingSession;
  const path = existingSessionPath(world);
  await writeFile(path, JSON.stringify({ ...session, device_keys_state: "deferred" }), { mode: 0o600 });
  for (const device of world.server.devices()) Object.assign(device, { deviceKeys: undefined });
  const store = new SessionStore(world.directory);
  return { store, path, session: toPortable(await store.read(path)) };
}

describe("a program goes on, whatever happens to one request of", () => {
  testCommand("session run", sessionRun);
});
