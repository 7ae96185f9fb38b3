import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/foundation/clock.js";
import { Failure } from "../../src/foundation/failures.js";
import { withSessionLock } from "../../src/session/lock.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { temporaryDirectory } from "../support/sessions.js";

const { signal } = new AbortController();

async function newFile(): Promise<string> {
  const path = join(await temporaryDirectory(), "bot.json");
  await writeFile(path, "{}");
  return path;
}

describe("withSessionLock", () => {
  it("lets one in at a time, and leaves nothing behind", async () => {
    const path = await newFile();
    let inside = 0;
    const results = await Promise.all(
      [1, 2, 3].map((number) =>
        withSessionLock(path, systemClock, signal, async () => {
          expect(++inside).toBe(1);
          await new Promise((resolve) => setImmediate(resolve));
          inside--;
          return number;
        }),
      ),
    );
    expect(results).toEqual([1, 2, 3]);
    expect(await readdir(dirname(path))).toEqual(["bot.json"]);
  });

  it("is released when the work fails", async () => {
    const path = await newFile();
    const work = () => withSessionLock(path, systemClock, signal, () => Promise.reject(new Error("failed")));
    await expect(work()).rejects.toThrow("failed");
    await expect(withSessionLock(path, systemClock, signal, async () => "in")).resolves.toBe("in");
  });

  it("gives up with session_locked when the holder doesn't end", async () => {
    const path = await newFile();
    const clock = new FakeClock();
    await withSessionLock(path, clock, signal, async () => {
      const waiting = withSessionLock(path, clock, signal, async () => {});
      const failure = await expectFailure("session_locked", () => clock.runUntil(waiting));
      expect(failure.kind).toBe("local");
    });
  });

  it("ends the wait with the signal's reason", async () => {
    const path = await newFile();
    const clock = new FakeClock();
    const controller = new AbortController();
    await withSessionLock(path, clock, signal, async () => {
      const waiting = withSessionLock(path, clock, controller.signal, async () => {});
      controller.abort(new Failure("interrupted"));
      await expectFailure("interrupted", () => waiting);
    });
  });

  it("takes over the lock of a process that has died", async () => {
    const path = await newFile();
    await mkdir(`${path}.lock`);
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(`${path}.lock`, longAgo, longAgo);
    await expect(withSessionLock(path, new FakeClock(), signal, async () => "in")).resolves.toBe("in");
  });

  it("needs a session to lock", async () => {
    const path = `${await newFile()}.missing`;
    await expectFailure("session_not_found", () =>
      withSessionLock(path, systemClock, signal, async () => {}),
    );
  });
});
