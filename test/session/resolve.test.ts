import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import type { Machine } from "../../src/foundation/machine.js";
import { sessionsDirectory } from "../../src/session/directory.js";
import { existingSessionPath, newSessionFile } from "../../src/session/resolve.js";
import { SessionStore } from "../../src/session/store.js";
import { expectFailure } from "../support/failures.js";
import { fullSession, machineWith, temporaryDirectory } from "../support/sessions.js";

let env: Record<string, string>;
let machine: Machine;
let store: SessionStore;

beforeEach(async () => {
  env = { XDG_STATE_HOME: await temporaryDirectory() };
  machine = machineWith(env);
  store = new SessionStore(sessionsDirectory(machine));
});

const save = (name: string, state: "complete" | "incomplete" | "unconfirmed" = "complete") =>
  store.create(store.pathOf(name), { ...fullSession(), state });

const newSessionPath = async (...args: Parameters<typeof newSessionFile>) =>
  (await newSessionFile(...args)).path;

describe.each([
  ["an existing session", (option: string | undefined) => existingSessionPath(option, machine)],
  ["a new session", (option: string | undefined) => newSessionPath(option, machine, "DEVICEID00")],
])("the option for %s", (_, resolve) => {
  it("is a path if it has a separator or ends in .json", async () => {
    const directory = await temporaryDirectory();
    for (const path of [join(directory, "a"), join(directory, "b.json")])
      expect(await resolve(path)).toBe(path);
  });

  it("is a name in the sessions directory otherwise", async () => {
    expect(await resolve("my.Bot_1-a")).toBe(store.pathOf("my.Bot_1-a"));
  });

  it("comes from MATRIX_QR_LOGIN_SESSION when it is not given", async () => {
    env["MATRIX_QR_LOGIN_SESSION"] = "from-env";
    expect(await resolve(undefined)).toBe(store.pathOf("from-env"));
    expect(await resolve("given")).toBe(store.pathOf("given"));
  });

  it.each(["", ".hidden", "a b", "é", "a\u202eb", "x".repeat(101), "a\\b"])(
    "can't be the name %j",
    async (name) => {
      const failure = await expectFailure("usage_error", () => resolve(name));
      expect(failure.message).not.toContain("\u202e");
    },
  );
});

describe("existingSessionPath", () => {
  it("takes the only complete session", async () => {
    await save("bot");
    await save("unfinished", "incomplete");
    expect(await existingSessionPath(undefined, machine)).toBe(store.pathOf("bot"));
  });

  it("finds none, and says which ones are not complete", async () => {
    expect(
      (await expectFailure("session_not_found", () => existingSessionPath(undefined, machine))).kind,
    ).toBe("local");
    await save("unfinished", "incomplete");
    const failure = await expectFailure("session_not_found", () => existingSessionPath(undefined, machine));
    expect(failure.message).toContain("unfinished");
  });

  it("names the several sessions that it can't choose from", async () => {
    await save("one");
    await save("two");
    const failure = await expectFailure("session_ambiguous", () => existingSessionPath(undefined, machine));
    expect(failure.message).toMatch(/one, two/);
    expect(failure.kind).toBe("usage");
  });

  it("takes the only session of any state when asked to, and doesn't guess between states", async () => {
    await save("lost", "unconfirmed");
    expect(await existingSessionPath(undefined, machine, "any")).toBe(store.pathOf("lost"));
    await save("bot");
    await expectFailure("session_ambiguous", () => existingSessionPath(undefined, machine, "any"));
  });
});

describe("newSessionFile", () => {
  it("is named after the device by default", async () => {
    expect(await newSessionPath(undefined, machine, "ab+/cd==.json")).toBe(store.pathOf("ab-_cd___json"));
  });

  it("is named after its user later, unless somebody chose its name", async () => {
    expect((await newSessionFile(undefined, machine, "DEVICEID00")).nameAfter).toBeDefined();
    expect((await newSessionFile("chosen", machine, "DEVICEID00")).nameAfter).toBeUndefined();
    env["MATRIX_QR_LOGIN_SESSION"] = "from-env";
    expect((await newSessionFile(undefined, machine, "DEVICEID00")).nameAfter).toBeUndefined();
  });

  it("refuses the name of a session that is there, given or by default", async () => {
    await save("bot");
    await expectFailure("session_exists", () => newSessionPath("bot", machine, "DEVICEID00"));
    await expectFailure("session_exists", () => newSessionPath(undefined, machine, "bot"));
    await expectFailure("session_exists", () => newSessionPath(store.pathOf("bot"), machine, "DEVICEID00"));
  });
});
