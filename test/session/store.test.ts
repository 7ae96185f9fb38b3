import { execFileSync } from "node:child_process";
import { mkdir, open, readdir, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { revealed, Secret } from "../../src/foundation/secret.js";
import { sessionsDirectory } from "../../src/session/directory.js";
import type { StoredSession } from "../../src/session/session-file.js";
import { SessionStore } from "../../src/session/store.js";
import { expectFailure } from "../support/failures.js";
import { fullSession, machineWith, temporaryDirectory } from "../support/sessions.js";

const session: StoredSession = { ...fullSession(), state: "complete" };
const mode = async (path: string) => (await stat(path)).mode & 0o777;

async function newStore(): Promise<SessionStore> {
  return new SessionStore(join(await temporaryDirectory(), "state", "sessions"));
}

describe("sessionsDirectory", () => {
  it("is in the XDG state directory", () => {
    const name = "matrix-qr-login/sessions";
    for (const platform of ["linux", "darwin", "win32"] as const)
      expect(sessionsDirectory(machineWith({ XDG_STATE_HOME: "/state" }, platform))).toBe(`/state/${name}`);
  });

  it("is in ~/.local/state where XDG_STATE_HOME is unset or relative", () => {
    const expected = "/home/bot/.local/state/matrix-qr-login/sessions";
    expect(sessionsDirectory(machineWith({ HOME: "/home/bot" }))).toBe(expected);
    expect(sessionsDirectory(machineWith({ HOME: "/home/bot", XDG_STATE_HOME: "state" }))).toBe(expected);
  });

  it.each([
    ["linux", {}, "/home/told-by-node/.local/state/matrix-qr-login/sessions"],
    ["darwin", {}, "/home/told-by-node/Library/Application Support/matrix-qr-login/sessions"],
    ["darwin", { HOME: "/home/bot" }, "/home/bot/Library/Application Support/matrix-qr-login/sessions"],
    ["win32", {}, "/home/told-by-node/AppData/Local/matrix-qr-login/Data/sessions"],
    ["win32", { LOCALAPPDATA: "/local" }, "/local/matrix-qr-login/Data/sessions"],
  ] as const)("is on %s with %j where that platform has it", (platform, env, expected) => {
    expect(sessionsDirectory(machineWith(env, platform)).replaceAll("\\", "/")).toBe(expected);
  });
});

describe.skipIf(process.platform === "win32")("permissions", () => {
  it("are 0600 in 0700 directories from the start and after each write", async () => {
    const store = await newStore();
    const path = store.pathOf("bot");
    await store.create(path, session);
    expect(await mode(store.directory)).toBe(0o700);
    expect(await mode(join(store.directory, ".."))).toBe(0o700);
    expect(await mode(path)).toBe(0o600);
    await store.write(path, session);
    await store.update(path, { access_token: new Secret("other") });
    expect(await mode(path)).toBe(0o600);
  });

  it("of our own directory are set right, those of another's are left alone", async () => {
    const parent = await temporaryDirectory();
    const ours = join(parent, "ours");
    const theirs = join(parent, "theirs");
    await mkdir(ours, { mode: 0o755 });
    await mkdir(theirs, { mode: 0o755 });
    const store = new SessionStore(ours);
    await store.create(join(ours, "a.json"), session);
    await store.create(join(theirs, "a.json"), session);
    expect(await mode(ours)).toBe(0o700);
    expect(await mode(theirs)).toBe(0o755);
  });
});

describe("SessionStore", () => {
  it("reads what it wrote, and leaves nothing else behind", async () => {
    const store = await newStore();
    const path = store.pathOf("bot");
    await store.create(path, session);
    await store.write(path, { ...session, state: "unconfirmed" });
    expect(await store.read(path)).toEqual({ ...session, state: "unconfirmed" });
    expect(await readdir(store.directory)).toEqual(["bot.json"]);
    await store.remove(path);
    await store.remove(path);
    expect(await readdir(store.directory)).toEqual([]);
  });

  it("sweeps what somebody left who was killed while making a session, with the next one that is made", async () => {
    const store = await newStore();
    await store.create(store.pathOf("bot"), session);
    const uuid = "0f9c1e0a-5b7d-4c39-9d2e-1a2b3c4d5e6f";
    const leave = async (name: string, minutesAgo: number) => {
      const then = new Date(Date.now() - minutesAgo * 60_000);
      await writeFile(join(store.directory, name), "left");
      await utimes(join(store.directory, name), then, then);
    };
    for (const name of [`never.json.${uuid}`, `bot.json.${uuid}`]) await leave(name, 10);
    const kept = [`notes.${uuid}`, `young.json.${uuid}`];
    await leave(`notes.${uuid}`, 10);
    await leave(`young.json.${uuid}`, 0);
    await store.create(store.pathOf("next"), session);
    expect((await readdir(store.directory)).sort()).toEqual(["bot.json", "next.json", ...kept]);
  });

  it("creates exclusively: of several at a time one succeeds and the others change nothing", async () => {
    const store = await newStore();
    const path = store.pathOf("bot");
    const names = ["a", "b", "c", "d"];
    const tries = await Promise.allSettled(
      names.map((name) => store.create(path, { ...session, device_name: name })),
    );
    const winners = names.filter((_, index) => tries[index]?.status === "fulfilled");
    expect(winners).toEqual([(await store.read(path)).device_name]);
    for (const { reason } of tries.filter((result) => result.status === "rejected")) {
      expect(reason).toMatchObject({ code: "session_exists", kind: "usage" });
    }
  });

  it("replaces the file in one step: who has opened the old one reads that to its end", async () => {
    const store = await newStore();
    const path = store.pathOf("bot");
    await store.create(path, session);
    const old = await open(path);
    await store.write(path, { ...session, state: "unconfirmed" });
    expect(JSON.parse(await old.readFile("utf8"))).toEqual(revealed(session));
    await old.close();
  });

  it("keeps other programs' fields when it updates its own", async () => {
    const store = await newStore();
    const path = store.pathOf("bot");
    const theirs = { "org.example.note": { kept: true }, "org.example.nothing": null };
    await store.create(path, { ...session, ...theirs });
    await store.update(path, { access_token: new Secret("new"), refresh_token: undefined });
    const { refresh_token: _, ...rest } = revealed(session);
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ ...rest, ...theirs, access_token: "new" });
  });

  it("refuses an update that would make the file unusable, and leaves the file as it was", async () => {
    const store = await newStore();
    const path = store.pathOf("bot");
    await store.create(path, session);
    await expectFailure("session_invalid", () => store.update(path, { access_token: new Secret("") }));
    expect(await store.read(path)).toEqual(session);
  });

  it("lists the sessions by name, with those that can't be used, and nothing else", async () => {
    const store = await newStore();
    expect(await store.list()).toEqual([]);
    await store.create(store.pathOf("b"), session);
    await writeFile(store.pathOf("a"), "{");
    for (const other of [".hidden.json", "b.json.1234", "notes.txt", "sp ace.json"]) {
      await writeFile(join(store.directory, other), "{}");
    }
    await mkdir(`${store.pathOf("b")}.lock`);
    const entries = await store.list();
    expect(entries.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(entries[0]?.failure?.code).toBe("session_invalid");
    expect(entries[1]?.session).toEqual(session);
  });

  it("refuses hostile files: too large, no UTF-8, directories, devices", async () => {
    const store = await newStore();
    await mkdir(store.pathOf("directory"), { recursive: true });
    await writeFile(store.pathOf("large"), " ".repeat(1024 * 1024 + 1));
    await writeFile(store.pathOf("binary"), new Uint8Array([0xff, 0xfe, 0x00]));
    for (const name of ["directory", "large", "binary"]) {
      await expectFailure("session_invalid", () => store.read(store.pathOf(name)));
    }
    if (process.platform !== "win32") await expectFailure("session_invalid", () => store.read("/dev/zero"));
    await expectFailure("session_not_found", () => store.read(store.pathOf("missing")));
  });

  it.skipIf(process.platform === "win32")("doesn't wait for the writer of a pipe", async () => {
    const store = await newStore();
    await mkdir(store.directory, { recursive: true });
    execFileSync("mkfifo", [store.pathOf("pipe")]);
    await expectFailure("session_invalid", () => store.read(store.pathOf("pipe")));
  });

  it.skipIf(process.platform === "win32")(
    "follows a symbolic link, but creates nothing through one",
    async () => {
      const store = await newStore();
      const elsewhere = join(await temporaryDirectory(), "elsewhere.json");
      await mkdir(store.directory, { recursive: true });
      await symlink(elsewhere, store.pathOf("link"));
      await expectFailure("session_exists", () => store.checkCanCreate(store.pathOf("link")));
      await expectFailure("session_exists", () => store.create(store.pathOf("link"), session));
      await store.create(elsewhere, session);
      await store.update(store.pathOf("link"), { access_token: new Secret("new") });
      expect((await store.read(elsewhere)).access_token).toEqual(new Secret("new"));
    },
  );

  it("finds out beforehand that nothing can be created", async () => {
    const store = await newStore();
    await store.create(store.pathOf("file"), session);
    const beneathAFile = join(store.pathOf("file"), "bot.json");
    const failure = await expectFailure("file_error", () => store.checkCanCreate(beneathAFile));
    expect(failure.kind).toBe("local");
    await expectFailure("file_error", () => store.checkCanCreate(store.pathOf("x".repeat(300))));
    await expectFailure("session_exists", () => store.checkCanCreate(store.pathOf("file")));
    await store.checkCanCreate(store.pathOf("free"));
    expect(await readdir(store.directory)).toEqual(["file.json"]);
  });
});

describe("the session file of a new device", () => {
  it("is created by the first save and replaced by later ones", async () => {
    const store = await newStore();
    const file = store.newFile(store.pathOf("bot"));
    await file.remove();
    await file.save({ ...session, state: "incomplete" });
    await file.save(session);
    expect(await store.read(file.path)).toEqual(session);
    await file.remove();
    expect(await store.list()).toEqual([]);
  });

  it("neither replaces nor removes what was there before", async () => {
    const store = await newStore();
    const file = store.newFile(store.pathOf("bot"));
    await store.create(file.path, session);
    await expectFailure("session_exists", () => file.save({ ...session, access_token: new Secret("other") }));
    await file.remove();
    expect(await store.read(file.path)).toEqual(session);
  });
});

describe("a session that nobody has named", () => {
  const USER_NAME = "bot_example.org";

  it("gets the name of its user, and is saved and removed under that from then on", async () => {
    const store = await newStore();
    const file = store.newFile(store.pathOf("ABCDEFGHIJ"), false);
    await file.save({ ...session, state: "incomplete" });
    expect(file.path).toBe(store.pathOf("ABCDEFGHIJ"));
    await file.nameAfter?.(session.user_id ?? "");
    await file.nameAfter?.(session.user_id ?? "");
    expect(file.path).toBe(store.pathOf(USER_NAME));
    await file.save(session);
    expect(await readdir(store.directory)).toEqual([`${USER_NAME}.json`]);
    expect((await store.read(file.path)).state).toBe("complete");
    if (process.platform !== "win32") expect(await mode(file.path)).toBe(0o600);
    await file.remove();
    expect(await readdir(store.directory)).toEqual([]);
  });

  it("takes the next number where others have the name, and overwrites none of them", async () => {
    const store = await newStore();
    const devices = ["DEVICEID01", "DEVICEID02", "DEVICEID03", "DEVICEID04"];
    const named = await Promise.all(
      devices.map(async (device_id) => {
        const file = store.newFile(store.pathOf(device_id), false);
        await file.save({ ...session, device_id });
        await file.nameAfter?.(session.user_id ?? "");
        return [file.path, device_id] as const;
      }),
    );
    const names = [USER_NAME, `${USER_NAME}-2`, `${USER_NAME}-3`, `${USER_NAME}-4`];
    expect((await store.list()).map(({ name }) => name)).toEqual(names);
    for (const [path, device_id] of named) expect(await store.read(path)).toMatchObject({ device_id });
  });

  it("keeps its name where it can't be renamed", async () => {
    const store = await newStore();
    const file = store.newFile(store.pathOf("ABCDEFGHIJ"), false);
    await file.nameAfter?.(session.user_id ?? "");
    expect(file.path).toBe(store.pathOf("ABCDEFGHIJ"));
  });
});
