import { describe, expect, it } from "vitest";
import { commandTree } from "../../src/cli.js";
import { HINTS, hintOf } from "../../src/commands/hints.js";
import { FAILURES } from "../../src/foundation/failure-table.js";
import { Failure } from "../../src/foundation/failures.js";
import { leavesOf } from "../../src/help/visible.js";

describe("what to do next", () => {
  it("is what the place of the failure says", () => {
    const failure = new Failure("url_refused", undefined, { hint: "Use https." });
    expect(hintOf(failure)).toBe("Use https.");
  });

  it("is else what the command line has for it", () => {
    expect(hintOf(new Failure("url_refused"))).toContain("--allow-http");
  });

  it("is else what the table of failures says", () => {
    expect(hintOf(new Failure("no_qr_code"))).toBe(FAILURES.no_qr_code.hint);
  });

  it("names the session that it is a command for", () => {
    const failure = new Failure("session_dead", undefined, { session: "/home/me/$& it's.json" });
    expect(hintOf(failure)).toContain("`session logout '/home/me/$& it'\\''s.json'`");
  });

  it("names only options that there are", () => {
    const known = new Set(["--help"]);
    for (const command of leavesOf(commandTree())) {
      for (const { long } of command.options) if (long) known.add(long);
    }
    const named = Object.values(HINTS).flatMap((hint) => hint.match(/--[a-z-]+/g) ?? []);
    expect(named.filter((option) => !known.has(option))).toEqual([]);
  });
});
