import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeDirectories } from "../../src/files/make-directories.js";
import { temporaryDirectory } from "../support/sessions.js";

const mode = async (path: string) => (await stat(path)).mode & 0o777;

describe("directories that are made", () => {
  it.skipIf(process.platform === "win32")(
    "are their owner's alone, those that were there as before",
    async () => {
      const there = join(await temporaryDirectory(), "there");
      await mkdir(there);
      const before = await mode(there);
      await makeDirectories(join(there, "a", "b"));
      expect(await mode(there)).toBe(before);
      expect(await mode(join(there, "a"))).toBe(0o700);
      expect(await mode(join(there, "a", "b"))).toBe(0o700);
    },
  );

  it("may be there already, and be made by several at a time", async () => {
    const path = join(await temporaryDirectory(), "a", "b");
    await Promise.all([makeDirectories(path), makeDirectories(path), makeDirectories(path)]);
    await makeDirectories(path);
    expect((await stat(path)).isDirectory()).toBe(true);
  });

  it("are an error beneath a file", async () => {
    const file = join(await temporaryDirectory(), "file");
    await writeFile(file, "");
    await expect(makeDirectories(join(file, "a"))).rejects.toMatchObject({ code: "ENOTDIR" });
    await expect(makeDirectories(file)).rejects.toMatchObject({ code: "EEXIST" });
  });

  it.skipIf(process.platform !== "linux")(
    "are an error where a parent takes no children, at once",
    async () => {
      await expect(makeDirectories("/proc/none/a/b")).rejects.toMatchObject({ code: "ENOENT" });
    },
  );
});
