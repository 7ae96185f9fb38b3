import { open } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { describeSystemError } from "../../src/foundation/system-errors.js";

function refusal(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });
}

describe("what the operating system refuses", () => {
  it("is a failure of this machine wherever it is thrown, and no bug", async () => {
    const thrown = await open("/nowhere/at\u001ball").catch((error: unknown) => error);
    const failure = Failure.from(thrown);
    expect(failure).toMatchObject({ code: "system_error", kind: "local" });
    expect(failure.message).toMatch(/^The system refuses "open \/nowhere\/at.*all": .*\(ENOENT\)\.$/);
    expect(failure.message).not.toContain("\u001b");
    expect(failure.hint).toBeDefined();
  });

  it("may be to say in which folder the program is", () => {
    const { message } = Failure.from(refusal("ENOENT", "uv_cwd"));
    expect(message).toBe("The current folder is gone: there is no such file or folder (ENOENT).");
  });

  it.each(["ENOSPC", "EDQUOT", "EROFS", "EMFILE", "ENAMETOOLONG"])("comes with advice: %s", (code) => {
    expect(describeSystemError(refusal(code, "write")).hint).toBeDefined();
  });

  it("is told by its name where that is all there is to say", () => {
    expect(describeSystemError(refusal("EXDEV", "rename"))).toEqual({ what: "EXDEV" });
    expect(describeSystemError("anything")).toEqual({ what: "unknown error" });
  });
});

describe("anything else that is thrown", () => {
  it.each([new Error("oops"), new TypeError("oops"), "oops"])("is a bug here: %s", (thrown) => {
    const failure = Failure.from(thrown);
    expect(failure.code).toBe("internal_error");
    expect(failure.message).toMatch(/^Internal error: /);
    expect(failure.message).not.toContain("oops");
  });
});
