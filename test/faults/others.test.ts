import { writeFile } from "node:fs/promises";
import { describe } from "vitest";
import { Secret } from "../../src/foundation/secret.js";
import { openSecretStorage } from "../../src/secret-storage/open.js";
import { goodAccessToken, refreshSession } from "../../src/session/access-token.js";
import { connectSession, revokeSession } from "../../src/session/connect.js";
import { logoutSession } from "../../src/session/logout.js";
import { SessionStore } from "../../src/session/store.js";
import { logInThisDevice } from "../../src/sign-in/log-in.js";
import { type Command, outcomeOf, testCommand } from "./command.js";
import { judge } from "./judge.js";
import { addExistingSession, existingSessionPath, NEW_DEVICE, newSessionPath } from "./sign-in.js";
import { unusable } from "./usable.js";
import { BASE_URL, type FaultyWorld } from "./world.js";

const LONGEST_MS = 600_000;
const MINUTE_MS = 60_000;
const { signal } = new AbortController();

const login: Command = {
  async run(world) {
    await addExistingSession(world);
    const device = world.device("new");
    const store = new SessionStore(world.directory);
    const sessionFile = store.newFile(newSessionPath(world));
    const request = { deviceId: NEW_DEVICE, sessionFile, keepUnverified: false };
    const open: Parameters<typeof logInThisDevice>[3] = (account, userId, opening) =>
      openSecretStorage(account, userId, new Secret(world.server.recoveryKey), opening);
    const loggedIn = logInThisDevice(device.world, request, BASE_URL, open, signal);
    const ended = await world.clock.runUntil(outcomeOf(loggedIn), LONGEST_MS);
    const { broken } = await judge(world, { new: ended, existing: "done" });
    return { ended, broken };
  },
  exceptions: [
    {
      code: "token_lost",
      what: /\/oauth2\/token$/,
      why: "A device code is good for one token (RFC 8628 §3.5).",
    },
    {
      code: "authorization_dropped",
      what: /\/oauth2\/token$/,
      why: "A proxy that sends the request twice throws the answer with the tokens away.",
    },
  ],
};

const refresh: Command = {
  async run(world) {
    const { store, path, session, network } = await existing(world);
    const refreshed = refreshSession(store, path, connectSession(store, path, session, network), signal);
    const ended = await world.clock.runUntil(outcomeOf(refreshed), LONGEST_MS);
    return { ended, broken: await unusable(world) };
  },
};

/** What the session has is good for less than is asked for. */
const token: Command = {
  async run(world) {
    const soon = new Date(world.clock.date().getTime() + MINUTE_MS / 2).toISOString();
    return getToken(world, { expires_at: soon });
  },
};

/** The homeserver is asked whether it is good, and it no longer is. */
const tokenOfUnknownLife: Command = {
  async run(world) {
    await world.clock.advance(10 * MINUTE_MS);
    return getToken(world, { expires_at: undefined });
  },
};

async function getToken(world: FaultyWorld, changes: object) {
  const { store, path, session, network } = await existing(world, changes);
  const { clock } = network;
  const connected = connectSession(store, path, session, network);
  const got = goodAccessToken(store, path, connected, MINUTE_MS, clock, signal);
  const ended = await world.clock.runUntil(outcomeOf(got), world.clock.now() + LONGEST_MS);
  const printed = await got.catch(() => undefined);
  const isBad = printed && !(await world.isGood(printed.session.access_token.reveal()));
  return { ended, broken: [...(isBad ? ["what was printed is not good"] : []), ...(await unusable(world))] };
}

const logout: Command = {
  async run(world) {
    const { store, path, network } = await existing(world);
    const revoke = (session: Parameters<typeof revokeSession>[0]) => revokeSession(session, network, signal);
    const logOut = () =>
      world.clock.runUntil(
        outcomeOf(logoutSession(store, path, revoke, network.clock, signal)),
        world.clock.now() + LONGEST_MS,
      );
    const ended = await logOut();
    // What is left of it says so, and goes the next time.
    const again = ended === "done" ? ended : await logOut();
    const isLive = world.server.activeSessions().length > 0;
    const isLeft = (await store.list()).length > 0;
    const isUnsaid = ended !== "done" && ended.details.cleanup !== "pending";
    return {
      ended,
      broken: [
        ...(again === "done" ? [] : [`again: ${again.code}`]),
        ...(isUnsaid ? ["nothing says that something is left"] : []),
        ...(isLive ? ["a token is good"] : []),
        ...(isLeft ? ["a file is left"] : []),
      ],
    };
  },
};

async function existing(world: FaultyWorld, changes: object = {}) {
  await addExistingSession(world);
  const store = new SessionStore(world.directory);
  const path = existingSessionPath(world);
  if (Object.keys(changes).length > 0) {
    await writeFile(path, JSON.stringify({ ...world.server.existingSession, ...changes }), { mode: 0o600 });
  }
  return { store, path, session: await store.read(path), network: world.device("existing").world };
}

/** The other commands that change something on a server. */
describe("a session survives, whatever happens to one request of", () => {
  testCommand("session refresh", refresh);
  testCommand("session token", token);
  testCommand("session token, of a token whose life nobody knows", tokenOfUnknownLife);
});

describe("nothing is left that nobody knows of, whatever happens to one request of", () => {
  testCommand("login", login);
  testCommand("session logout", logout);
});
