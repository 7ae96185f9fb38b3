import { writeFile } from "node:fs/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import { refreshSession } from "../../src/session/access-token.js";
import { connectSession } from "../../src/session/connect.js";
import { SessionStore } from "../../src/session/store.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeHttp } from "../support/fake-http.js";
import { DEVICE, fullSession, fullSessionJson, temporaryDirectory, USER } from "../support/sessions.js";

/** Somebody puts another account's session file in the place of the one that a program goes on from. */

const { signal } = new AbortController();
const WHOAMI = "GET https://matrix.example.org/_matrix/client/v3/account/whoami";

let store: SessionStore;
let path: string;
let http: FakeHttp;

beforeEach(async () => {
  store = new SessionStore(await temporaryDirectory());
  path = store.pathOf("bot");
  http = new FakeHttp({ [WHOAMI]: { json: { user_id: USER, device_id: DEVICE } } });
  await store.create(path, { ...fullSession(), state: "complete" });
});

async function connect() {
  const session = await store.read(path);
  const network = { http, urlPolicy: createUrlPolicy([]), clock: new FakeClock() };
  return connectSession(store, path, session, network);
}

const put = (changes: object) =>
  writeFile(path, JSON.stringify({ ...fullSessionJson(), access_token: "stolen", ...changes }));

const OTHERS: readonly (readonly [string, object])[] = [
  ["homeserver", { base_url: "https://evil.example/" }],
  ["user", { user_id: "@alice:example.org" }],
  ["device", { device_id: "OTHERDEVICE" }],
];

describe.each(OTHERS)("a session file that has become another %s's meanwhile", (_, changes) => {
  it("lends no token to the homeserver that was read first", async () => {
    const { homeserver } = await connect();
    await homeserver.whoami(signal);
    await put(changes);
    await expectFailure("session_replaced", () => homeserver.whoami(signal));
    expect(http.log).toEqual([WHOAMI]);
  });

  it("is asked for no new tokens, and keeps its own", async () => {
    const connected = await connect();
    await put({ ...changes, expires_at: "2020-01-01T00:00:00Z" });
    await expectFailure("session_replaced", () => refreshSession(store, path, connected, signal));
    await expectFailure("session_replaced", () => connected.accessTokens.ensureFreshFor(1_000, signal));
    await expectFailure("session_replaced", () => store.update(path, { state: "complete" }));
    expect(http.log).toEqual([]);
  });
});

it("a session file with the same account's new tokens is gone on from", async () => {
  const { homeserver } = await connect();
  await put({});
  await homeserver.whoami(signal);
  expect(http.last(WHOAMI).accessToken?.reveal()).toBe("stolen");
});
