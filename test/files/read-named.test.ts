import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readNamedText, readSourceText, type TextKind } from "../../src/files/read-named.js";
import { Failure } from "../../src/foundation/failures.js";
import { expectFailure } from "../support/failures.js";
import { temporaryDirectory } from "../support/sessions.js";

const { signal } = new AbortController();
const KIND: TextKind = {
  maxBytes: 8,
  unusable: (origin, what) => new Failure("session_invalid", `${origin}: ${what}`),
};
const none = Readable.from([]);

async function file(content: string | Uint8Array): Promise<string> {
  const path = join(await temporaryDirectory(), "file");
  await writeFile(path, content);
  return path;
}

describe("a text that somebody names", () => {
  it("is in that file, or on stdin for -", async () => {
    const path = await file("täxt\n");
    expect(await readNamedText(path, KIND, signal)).toBe("täxt\n");
    expect(await readSourceText(path, none, KIND, signal)).toEqual({ text: "täxt\n", origin: path });
    const stdin = Readable.from([Buffer.from("piped")]);
    expect(await readSourceText("-", stdin, KIND, signal)).toEqual({ text: "piped", origin: "stdin" });
  });

  it.each([
    ["too large", "123456789", "it is larger than 8 bytes"],
    ["no UTF-8", Uint8Array.of(0xff), "it is not UTF-8 text"],
  ])("is refused where it is %s, in the words of its kind", async (_, content, what) => {
    const path = await file(content);
    const failure = await expectFailure("session_invalid", () => readNamedText(path, KIND, signal));
    expect(failure.message).toBe(`${path}: ${what}`);
    const stdin = Readable.from([Buffer.from(content)]);
    const piped = await expectFailure("session_invalid", () => readSourceText("-", stdin, KIND, signal));
    expect(piped.message).toBe(`stdin: ${what}`);
  });

  it("has its limit said in MiB where that is a whole number", async () => {
    const large = { ...KIND, maxBytes: 1024 * 1024 };
    const path = await file(Buffer.alloc(large.maxBytes + 1));
    const failure = await expectFailure("session_invalid", () => readNamedText(path, large, signal));
    expect(failure.message).toContain("larger than 1 MiB");
  });

  it("is a file_error where there is no such file", async () => {
    await expectFailure("file_error", () => readNamedText("/no/such/file", KIND, signal));
  });
});
