import { readdir, rename, symlink } from "node:fs/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { logoutSession } from "../../src/session/logout.js";
import type { StoredSession } from "../../src/session/session-file.js";
import { SessionStore } from "../../src/session/store.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { fullSession, temporaryDirectory } from "../support/sessions.js";

const { signal } = new AbortController();
const session = fullSession();
let store: SessionStore;
let path: string;

beforeEach(async () => {
  store = new SessionStore(await temporaryDirectory());
  path = store.pathOf("bot");
  await store.create(path, { ...session, state: "complete" });
});

const logout = (revoke: (session: StoredSession) => Promise<boolean>) =>
  logoutSession(store, path, revoke, new FakeClock(), signal);

describe("logoutSession", () => {
  it("revokes the tokens, then deletes the file", async () => {
    const revoked: unknown[] = [];
    await logout(async ({ refresh_token, access_token }) => {
      revoked.push(refresh_token, access_token);
      return true;
    });
    expect(revoked).toEqual([session.refresh_token, session.access_token]);
    expect(await store.list()).toEqual([]);
  });

  it("deletes the file under its other name too, where a rename was cut short", async () => {
    const { device_id, ...other } = session;
    await store.create(store.pathOf(device_id), { ...session, state: "incomplete" });
    await store.create(store.pathOf("other"), { ...other, device_id: "OTHERDEVICE", state: "complete" });
    await logout(async () => true);
    expect((await store.list()).map(({ name }) => name)).toEqual(["other"]);
  });

  it("leaves nothing secret where the file is a symbolic link", async () => {
    const link = store.pathOf("link");
    await rename(path, `${store.directory}/elsewhere`);
    await symlink(`${store.directory}/elsewhere`, link);
    await logoutSession(store, link, async () => true, new FakeClock(), signal);
    expect(await readdir(store.directory)).toEqual([]);
  });

  it("ends a session whose sign-in never finished", async () => {
    await store.update(path, { state: "incomplete", user_id: undefined });
    await logout(async () => true);
    expect(await store.list()).toEqual([]);
  });

  it("deletes what a sign-in left that never had tokens, without asking anybody", async () => {
    await store.remove(path);
    const { base_url, device_id, oauth } = session;
    await store.create(path, { state: "incomplete", base_url, device_id, oauth });
    const hadTokens = await logout(() => Promise.reject(new Error("There is nothing to revoke.")));
    expect(hadTokens).toBe(false);
    expect(await store.list()).toEqual([]);
  });

  it.each([
    ["is refused", async () => false],
    ["gets no answer", () => Promise.reject(new Failure("network_error"))],
  ])("keeps the tokens but not the secrets when the revocation %s, for another try", async (_, revoke) => {
    const failure = await expectFailure("revocation_pending", () => logout(revoke));
    expect(failure.kind).toBe("network");
    expect(failure.details).toMatchObject({ cleanup: "pending", session: path });
    const { secrets: _secrets, device_keys: _keys, ...rest } = session;
    expect(await store.read(path)).toEqual({ ...rest, state: "revocation_pending" });
    await logout(async () => true);
    expect(await store.list()).toEqual([]);
  });

  it("keeps the reason of what ended it otherwise", async () => {
    const failure = await expectFailure("interrupted", () =>
      logout(() => Promise.reject(new Failure("interrupted"))),
    );
    expect(failure.details).toMatchObject({ cleanup: "pending", session: path });
  });
});
