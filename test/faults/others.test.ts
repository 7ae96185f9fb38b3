import { describe, expect, it } from "vitest";
import { Failure, type FailureCode } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import { openSecretStorage } from "../../src/secret-storage/open.js";
import { refreshSession } from "../../src/session/access-token.js";
import { connectSession, revokeSession } from "../../src/session/connect.js";
import { logoutSession } from "../../src/session/logout.js";
import { SessionStore } from "../../src/session/store.js";
import { logInThisDevice } from "../../src/sign-in/log-in.js";
import { type FaultName, PASSING } from "./faults.js";
import { judge } from "./judge.js";
import { addExistingSession, existingSessionPath, NEW_DEVICE, newSessionPath } from "./sign-in.js";
import { BASE_URL, FaultyWorld } from "./world.js";

/** The other commands that change something on a server, each with one fault at each of its requests. */

const LONGEST_MS = 600_000;
const { signal } = new AbortController();

interface Command {
  /** @returns what is wrong afterwards */
  readonly run: (world: FaultyWorld) => Promise<readonly string[]>;
  /** How it may end besides well, and after which fault of which request. */
  readonly exceptions: readonly { readonly code: FailureCode; readonly what: RegExp; readonly why: string }[];
}

const COMMANDS: Readonly<Record<string, Command>> = {
  login: {
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
      return [...broken, ...unless(ended)];
    },
    exceptions: [
      {
        code: "token_lost",
        what: /\/oauth2\/token$/,
        why: "A device code is good for one token (RFC 8628 §3.5).",
      },
    ],
  },

  "session refresh": {
    async run(world) {
      const { store, path, session, network } = await existing(world);
      const refreshed = refreshSession(store, path, connectSession(store, path, session, network), signal);
      const ended = await world.clock.runUntil(outcomeOf(refreshed), LONGEST_MS);
      const { access_token } = await store.read(path);
      const isGood = access_token && (await world.isGood(access_token.reveal()));
      return [...(isGood ? [] : ["the session's token is not good"]), ...unless(ended)];
    },
    exceptions: [],
  },

  "session logout": {
    async run(world) {
      const { store, path, network } = await existing(world);
      const revoke = (session: Parameters<typeof revokeSession>[0]) =>
        revokeSession(session, network, signal);
      const loggedOut = logoutSession(store, path, revoke, network.clock, signal);
      const ended = await world.clock.runUntil(outcomeOf(loggedOut), LONGEST_MS);
      const isLive = world.server.activeSessions().length > 0;
      const isLeft = (await store.list()).length > 0;
      return [
        ...(isLive ? ["a token is good"] : []),
        ...(isLeft ? ["a file is left"] : []),
        ...unless(ended),
      ];
    },
    exceptions: [],
  },
};

async function existing(world: FaultyWorld) {
  await addExistingSession(world);
  const store = new SessionStore(world.directory);
  const path = existingSessionPath(world);
  return { store, path, session: await store.read(path), network: world.device("existing").world };
}

async function outcomeOf(work: Promise<unknown>): Promise<"done" | Failure> {
  try {
    await work;
    return "done";
  } catch (thrown) {
    return Failure.from(thrown);
  }
}

const unless = (ended: "done" | Failure) => (ended instanceof Failure ? [ended.code] : []);

describe.each(Object.entries(COMMANDS))("%s", (name, { run, exceptions }) => {
  it.each(Object.keys(PASSING) as (keyof typeof PASSING)[])(
    "goes well after %s at any request",
    async (fault) => {
      const wrong: string[] = [];
      let runs = 0;
      for (let n = 1; ; n++) {
        let what = "";
        const world = await FaultyWorld.make((sent) => {
          if (sent.n !== n) return undefined;
          what = sent.what;
          return PASSING[fault];
        });
        const found = await run(world);
        await world.close();
        if (what === "") break;
        runs++;
        const isException = exceptions.some((each) => found.includes(each.code) && each.what.test(what));
        if (!isException) wrong.push(...found.map((each) => `${fault} at ${n}, ${what}: ${each}`));
      }
      process.stdout.write(`${name}: ${fault satisfies FaultName} at each of ${runs} requests\n`);
      expect(wrong).toEqual([]);
    },
  );
});
