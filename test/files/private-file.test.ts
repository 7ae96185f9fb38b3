import { execFileSync } from "node:child_process";
import { closeSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { openReadable } from "../../src/files/open-readable.js";
import {
  createPrivateFile,
  movePrivateFile,
  openPrivateFile,
  replacePrivateFile,
} from "../../src/files/private-file.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "matrix-qr-login-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

describe("a private file that is made", () => {
  it("is its owner's alone, with nothing beside it", async () => {
    const path = join(folder, "file");
    await createPrivateFile(path, "new");
    expect(await readFile(path, "utf8")).toBe("new");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["file"]);
  });

  it("takes nobody's place, and follows no link", async () => {
    await writeFile(join(folder, "file"), "old");
    await symlink(join(folder, "elsewhere"), join(folder, "link"));
    for (const name of ["file", "link"]) {
      await expect(createPrivateFile(join(folder, name), "new")).rejects.toMatchObject({ code: "EEXIST" });
    }
    expect(await readFile(join(folder, "file"), "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["file", "link"]);
  });
});

describe("a private file that is opened", () => {
  it("starts empty and becomes its owner's alone", async () => {
    const path = join(folder, "file");
    await writeFile(path, "old", { mode: 0o644 });
    closeSync(openPrivateFile(path));
    expect(await readFile(path, "utf8")).toBe("");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });
});

describe("a private file that is replaced", () => {
  it("holds the new content, is its owner's alone, and leaves nothing beside it", async () => {
    const path = join(folder, "file");
    await writeFile(path, "old", { mode: 0o644 });
    await replacePrivateFile(path, "new");
    expect(await readFile(path, "utf8")).toBe("new");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["file"]);
  });

  it("is replaced where a symbolic link leads to", async () => {
    await writeFile(join(folder, "target"), "old");
    await symlink(join(folder, "target"), join(folder, "link"));
    await replacePrivateFile(join(folder, "link"), "new");
    expect(await readFile(join(folder, "target"), "utf8")).toBe("new");
    expect(await readdir(folder)).toEqual(["link", "target"]);
  });

  it("stays as it was where it can't be put in place", async () => {
    const path = join(folder, "missing", "file");
    await expect(replacePrivateFile(path, "new")).rejects.toMatchObject({ code: "ENOENT" });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe.skipIf(process.platform === "win32")("a named pipe", () => {
  it("without a writer is waited for only until that is stopped", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const { stats, stream } = await openReadable(path);
    expect(stats.isFIFO()).toBe(true);
    const read = stream.toArray();
    stream.destroy(new Error("stopped"));
    await expect(read).rejects.toThrow("stopped");
  });
});

describe("a private file that is moved", () => {
  it("has its new name alone", async () => {
    await createPrivateFile(join(folder, "old"), "content");
    await movePrivateFile(join(folder, "old"), join(folder, "new"));
    expect(await readdir(folder)).toEqual(["new"]);
    expect(await readFile(join(folder, "new"), "utf8")).toBe("content");
  });

  it("takes nobody's place, and then keeps its name", async () => {
    await createPrivateFile(join(folder, "old"), "content");
    await createPrivateFile(join(folder, "new"), "theirs");
    const moving = movePrivateFile(join(folder, "old"), join(folder, "new"));
    await expect(moving).rejects.toMatchObject({ code: "EEXIST" });
    expect(await readFile(join(folder, "old"), "utf8")).toBe("content");
    expect(await readFile(join(folder, "new"), "utf8")).toBe("theirs");
  });
});
