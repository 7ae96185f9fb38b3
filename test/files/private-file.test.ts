import { execFileSync } from "node:child_process";
import { closeSync, writeSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { openReadable } from "../../src/files/open-readable.js";
import {
  createPrivateFile,
  deletePrivateFile,
  movePrivateFile,
  openPrivateFile,
  replacePrivateFile,
  tryPrivateFile,
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

describe("a private file that is tried out", () => {
  it("leaves nothing", async () => {
    await tryPrivateFile(join(folder, "file"), 1000);
    expect(await readdir(folder)).toEqual([]);
  });

  it("has room for its name, and for that of its successor", async () => {
    const trial = tryPrivateFile(join(folder, "x".repeat(250)), 1);
    await expect(trial).rejects.toMatchObject({ code: "ENAMETOOLONG" });
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

/** What a process that was killed while writing has left, some minutes ago. */
async function leave(name: string, minutesAgo: number) {
  const path = join(folder, name);
  await writeFile(path, "left");
  const then = new Date(Date.now() - minutesAgo * 60_000);
  await utimes(path, then, then);
}
const UUID = "0f9c1e0a-5b7d-4c39-9d2e-1a2b3c4d5e6f";

describe("what was left by somebody who was killed while writing a private file", () => {
  it("is gone with the next write, unless somebody may still be writing it", async () => {
    await leave(`file.${UUID}`, 10);
    await leave(`file.${UUID.replace("0", "1")}`, 0);
    await replacePrivateFile(join(folder, "file"), "new");
    expect(await readdir(folder)).toEqual(["file", `file.${UUID.replace("0", "1")}`]);
  });

  it("is gone when the file is deleted, however new it is, and nothing else is", async () => {
    await writeFile(join(folder, "file"), "old");
    await leave(`file.${UUID}`, 0);
    for (const name of [`file2.${UUID}`, `file.${UUID}.json`, "file.json"]) await leave(name, 10);
    await deletePrivateFile(join(folder, "file"));
    expect(await readdir(folder)).toEqual([`file.${UUID}.json`, "file.json", `file2.${UUID}`]);
  });
});

describe("a private file that is deleted", () => {
  it("is gone with the symbolic link that led to it, and what was left beside it", async () => {
    await mkdir(join(folder, "elsewhere"));
    await writeFile(join(folder, "elsewhere", "target"), "old");
    await leave(`elsewhere/target.${UUID}`, 0);
    await symlink(join(folder, "elsewhere", "target"), join(folder, "link"));
    await deletePrivateFile(join(folder, "link"));
    expect(await readdir(folder)).toEqual(["elsewhere"]);
    expect(await readdir(join(folder, "elsewhere"))).toEqual([]);
  });

  it("was there, or that is an error", async () => {
    await expect(deletePrivateFile(join(folder, "missing"))).rejects.toMatchObject({ code: "ENOENT" });
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

describe.skipIf(process.platform === "win32")("a named pipe that is opened for writing", () => {
  it("is not waited for until somebody reads, who gets what was written before", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const file = openPrivateFile(path);
    writeSync(file, "early");
    const { stream } = await openReadable(path);
    closeSync(file);
    expect(Buffer.concat(await stream.toArray()).toString()).toBe("early");
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
