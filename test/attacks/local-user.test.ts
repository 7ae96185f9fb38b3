import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { chmod, lstat, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { fileReport } from "../../src/commands/proxy-report.js";
import { openPrivateFile } from "../../src/files/private-file.js";
import { openFileTrace } from "../../src/network/trace.js";
import { writeQrFile } from "../../src/qr/draw/qr-file.js";
import { SessionStore } from "../../src/session/store.js";
import { expectFailure } from "../support/failures.js";
import { makeForeign } from "../support/foreign.js";
import { fullSessionJson, temporaryDirectory } from "../support/sessions.js";

/** Another user of this machine, who may write to /tmp as everybody may, and what else a path may turn out to be. */

let folder: string;
beforeEach(async () => {
  folder = await temporaryDirectory();
});

const WRITERS: readonly (readonly [string, string, (path: string) => Promise<void>])[] = [
  ["--trace", "t.ndjson", async (path) => openFileTrace(path).close()],
  ["--events", "e.ndjson", async (path) => fileReport(path, () => undefined).close()],
  ["--qr-file", "q.svg", (path) => writeQrFile(path, Buffer.from("payload"))],
];
const LINE_WRITERS = WRITERS.slice(0, 2);

describe.each(WRITERS)("%s", (_, name, write) => {
  it("isn't written through another user's link, to a file that is there or to be made", async () => {
    const [path, target] = [join(folder, name), join(folder, "target")];
    await symlink(target, path);
    makeForeign(path);
    const { message } = await expectFailure("file_error", () => write(path));
    expect(message).toContain("it belongs to another user");
    await expect(lstat(target)).rejects.toThrow("ENOENT");
    await writeFile(target, "precious");
    await expectFailure("file_error", () => write(path));
    expect(await readFile(target, "utf8")).toBe("precious");
  });

  it("isn't written through a link of the user's own to one of another's", async () => {
    const [path, theirs, target] = [join(folder, name), join(folder, "theirs"), join(folder, "target")];
    await symlink(target, theirs);
    await symlink(theirs, path);
    makeForeign(theirs);
    await expectFailure("file_error", () => write(path));
    await expect(lstat(target)).rejects.toThrow("ENOENT");
  });

  it("is written through a link of the user's own, which stays one", async () => {
    const [path, target] = [join(folder, name), join(folder, "target")];
    await symlink("target", path);
    await write(path);
    expect((await lstat(path)).isSymbolicLink()).toBe(true);
    expect((await lstat(target)).mode & 0o777).toBe(0o600);
  });

  it("fails for a folder", async () => {
    await mkdir(join(folder, name));
    await expectFailure("file_error", () => write(join(folder, name)));
  });
});

describe.each(LINE_WRITERS)("%s", (_, name, write) => {
  it("isn't written to another user's file", async () => {
    const path = join(folder, name);
    await writeFile(path, "theirs", { mode: 0o666 });
    makeForeign(path);
    await expectFailure("file_error", () => write(path));
    expect(await readFile(path, "utf8")).toBe("theirs");
  });

  it.skipIf(process.platform === "win32")("doesn't wait for somebody to read a pipe", async () => {
    const path = join(folder, name);
    execFileSync("mkfifo", [path]);
    // Whoever begins to read in time gets all of it.
    await write(path);
    expect((await lstat(path)).isFIFO()).toBe(true);
  });

  it.skipIf(process.platform === "win32")("leaves a device as it is", async () => {
    const before = (await stat("/dev/null")).mode;
    await write("/dev/null");
    expect((await stat("/dev/null")).mode).toBe(before);
  });
});

it.skipIf(process.platform !== "linux")("a trace to a disk that is full costs the trace alone", () => {
  const { trace, close } = openFileTrace("/dev/full");
  const url = new URL("https://hs.example/");
  const at = new Date(0);
  expect(() => trace({ at, method: "GET", url, tries: 1, ms: 1, sentBytes: 0, error: "none" })).not.toThrow();
  close();
});

it.skipIf(process.platform === "win32")("a pipe that its reader leaves full isn't waited for", () => {
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const file = openPrivateFile(path);
  const fill = () => {
    for (let written = 0; written < 10_000_000; written += 4_096) writeSync(file, Buffer.alloc(4_096));
  };
  expect(fill).toThrow("EAGAIN");
  closeSync(file);
  closeSync(reader);
});

describe("a session file", () => {
  const put = async (mode: number) => {
    const path = join(folder, "bot.json");
    await writeFile(path, JSON.stringify(fullSessionJson()));
    await chmod(path, mode);
    return path;
  };
  const openStore = () => {
    const warnings: string[] = [];
    return {
      warnings,
      store: new SessionStore(folder, ({ code, message }) => warnings.push(`${code} ${message}`)),
    };
  };

  it.each([
    [0o666, "could read and change"],
    [0o644, "could read"],
    [0o620, "could read and change"],
  ])("of mode %o is closed to others, and that is said", async (mode, could) => {
    const path = await put(mode);
    const { store, warnings } = openStore();
    await store.read(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(`session_file_exposed Other users of this machine ${could} the session file`);
    await store.read(path);
    expect(warnings).toHaveLength(1);
  });

  it("for its owner alone is read without a word", async () => {
    const path = await put(0o600);
    const { store, warnings } = openStore();
    await store.read(path);
    expect(warnings).toEqual([]);
  });

  it("of another user is refused", async () => {
    const path = await put(0o600);
    makeForeign(path);
    const { message } = await expectFailure("file_error", () => openStore().store.read(path));
    expect(message).toContain("it belongs to another user");
  });

  it("in a folder that others may enter is closed to them, and that is said", async () => {
    await put(0o600);
    await chmod(folder, 0o777);
    const { store, warnings } = openStore();
    expect((await store.list()).map(({ name }) => name)).toEqual(["bot"]);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(warnings).toEqual([expect.stringContaining("could read and change the folder")]);
  });

  it("in a folder of another user is refused", async () => {
    await put(0o600);
    makeForeign(folder);
    await expectFailure("file_error", () => openStore().store.list());
  });
});
