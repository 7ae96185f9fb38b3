import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Environment } from "../../src/foundation/machine.js";
import { sessionsDirectory } from "../../src/session/directory.js";
import { existingSessionPath, newSessionFile } from "../../src/session/resolve.js";
import { expectFailure } from "../support/failures.js";
import { temporaryDirectory } from "../support/sessions.js";

/** A user whom the system doesn't know: Node has no home folder for one. */
function homeless(env: Environment = {}, home = (): string => failsAsNode()) {
  return { env, platform: "linux" as const, homeDirectory: home, hostName: () => "host" };
}

function failsAsNode(): never {
  throw Object.assign(new Error("ENOENT: uv_os_homedir"), { code: "ENOENT", syscall: "uv_os_homedir" });
}

describe("a user without a home folder", () => {
  it("has no folder for sessions, and is told what to set", async () => {
    for (const machine of [homeless(), homeless({ HOME: "" }), homeless({ HOME: "." }, () => ".")]) {
      const failure = await expectFailure("home_missing", () => existingSessionPath(undefined, machine));
      expect(failure.hint).toContain("XDG_STATE_HOME");
      await expectFailure("home_missing", () => newSessionFile("bot", machine, "ABCDEFGHIJ"));
    }
  });

  it("may name one, or keep a session in a file", async () => {
    const path = join(await temporaryDirectory(), "bot.json");
    expect(await existingSessionPath(path, homeless())).toBe(path);
    expect((await newSessionFile(path, homeless(), "ABCDEFGHIJ")).path).toBe(path);
    expect(sessionsDirectory(homeless({ XDG_STATE_HOME: "/state" }))).toContain("/state/");
  });
});
