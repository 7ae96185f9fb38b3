import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import open from "open";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { type LinkOpener, openLink } from "../../src/sign-in/open-link.js";
import { failureOf } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";

vi.mock("node:child_process", { spy: true });
vi.mock("open", () => ({ default: vi.fn() }));

const LINK = new URL("https://auth.example/link?code=ABC&more=$(id)");
const COMMAND: LinkOpener = { by: "command", executable: "/usr/bin/my-browser" };

/** A process that ends when the test says so. */
class FakeChild extends EventEmitter {
  unreferenced = 0;
  unref(): void {
    this.unreferenced++;
  }
}

let clock: FakeClock;
let child: FakeChild;
let stop: AbortController;
beforeEach(() => {
  clock = new FakeClock();
  child = new FakeChild();
  stop = new AbortController();
  vi.mocked(spawn).mockReset();
  vi.mocked(spawn).mockReturnValue(child as unknown as ChildProcess);
  vi.mocked(open).mockReset();
});

const opening = (opener: LinkOpener) => openLink(opener, LINK, clock, stop.signal);

describe("a printed link", () => {
  it("is open: nothing is started", async () => {
    expect(await opening({ by: "printing" })).toBe(true);
    expect(spawn).not.toHaveBeenCalled();
    expect(open).not.toHaveBeenCalled();
  });

  it("counts at a terminal whether a browser starts or not", async () => {
    vi.mocked(open).mockResolvedValueOnce(child as unknown as ChildProcess);
    expect(await opening({ by: "system_browser" })).toBe(true);
    expect(open).toHaveBeenCalledWith(LINK.href);
    // What the starter comes to later is nobody's concern.
    expect(() => child.emit("error", new Error("no browser"))).not.toThrow();

    vi.mocked(open).mockRejectedValueOnce(new Error("no browser"));
    expect(await opening({ by: "system_browser" })).toBe(true);
  });
});

describe("a command that opens links", () => {
  it("is started without a shell, with the link as its only argument", async () => {
    const opened = opening(COMMAND);
    child.emit("exit", 0);
    expect(await opened).toBe(true);
    expect(spawn).toHaveBeenCalledExactlyOnceWith(
      "/usr/bin/my-browser",
      [LINK.href],
      expect.objectContaining({ shell: false }),
    );
  });

  it.each([
    ["can't be started", "error", new Error("ENOENT")],
    ["ends with another code than 0", "exit", 1],
    ["is killed", "exit", null],
  ])("has failed where it %s", async (_what, event, value) => {
    const opened = opening(COMMAND);
    child.emit(event, value);
    expect(await opened).toBe(false);
  });

  it("has failed where nothing can be called so", async () => {
    vi.mocked(spawn).mockImplementationOnce(() => {
      throw new TypeError("The argument 'file' cannot be empty.");
    });
    expect(await opening({ by: "command", executable: "" })).toBe(false);
  });

  it("counts as having opened it when it still runs after 2 s, and is let run", async () => {
    const opened = opening(COMMAND);
    let isOpen: boolean | undefined;
    void opened.then((value) => {
      isOpen = value;
    });
    await clock.advance(1999);
    expect(isOpen).toBeUndefined();
    await clock.advance(1);
    expect(isOpen).toBe(true);
    expect(child.unreferenced).toBe(1);
    expect(() => child.emit("error", new Error("late"))).not.toThrow();
  });

  it("is no longer waited for when the sign-in is ended", async () => {
    const outcome = failureOf(() => opening(COMMAND));
    stop.abort(new Failure("interrupted"));
    expect((await outcome).code).toBe("interrupted");
  });
});
