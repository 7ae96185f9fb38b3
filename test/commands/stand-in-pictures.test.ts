import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeEach, expect, it, vi } from "vitest";
import { withStandInPictures } from "../../src/commands/stand-in-pictures.js";
import type { LoginEvent } from "../../src/foundation/events.js";
import { payloadOf, scanPicture } from "../support/pictures.js";
import { temporaryDirectory } from "../support/sessions.js";

const payload = payloadOf("unstable_intent_0");
const renewed = payloadOf("unstable_intent_1");

let folder: string;

beforeEach(async () => {
  folder = await temporaryDirectory();
  vi.stubEnv("TMPDIR", folder);
  return () => vi.unstubAllEnvs();
});

/** A display that has room for this many bytes. */
function display(room = 0) {
  const events: LoginEvent[] = [];
  return {
    events,
    emit: (event: LoginEvent) => void events.push(event),
    lacksRoomFor: ({ length }: Uint8Array) => length > room,
    close: async () => undefined,
  };
}

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

it("are written where a code has no room, each version's in its own file, for their owner alone", async () => {
  await withStandInPictures({ display: display() }, async (write) => {
    const path = (await write(payload, "msc4388")) ?? "";
    const other = (await write(renewed, "msc4108-2024")) ?? "";
    expect(await scanPicture(await readFile(path))).toEqual(payload);
    expect(await scanPicture(await readFile(other))).toEqual(renewed);
    expect(await modeOf(path)).toBe(0o600);
    expect(await modeOf(dirname(path))).toBe(0o700);
    expect(dirname(other)).toBe(dirname(path));
    expect(dirname(dirname(path))).toBe(folder);
  });
});

it("keep their path when a code is renewed", async () => {
  await withStandInPictures({ display: display() }, async (write) => {
    const path = (await write(payload, "msc4388")) ?? "";
    expect(await write(renewed, "msc4388")).toBe(path);
    expect(await scanPicture(await readFile(path))).toEqual(renewed);
    expect(await readdir(dirname(path))).toEqual(["msc4388.png"]);
  });
});

it("are not written where there is room: nothing is", async () => {
  await withStandInPictures({ display: display(payload.length) }, async (write) => {
    expect(await write(payload, "msc4388")).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
  });
});

it.each(["a success", "a failure"])("are gone after %s", async (end) => {
  const run = withStandInPictures({ display: display() }, async (write) => {
    await write(payload, "msc4388");
    expect(await readdir(folder)).toHaveLength(1);
    if (end === "a failure") throw new Error("over");
    return "the channel";
  });
  if (end === "a failure") await expect(run).rejects.toThrow("over");
  else expect(await run).toBe("the channel");
  expect(await readdir(folder)).toEqual([]);
});

it("leave the process no listener of theirs", async () => {
  const before = process.listenerCount("exit");
  await withStandInPictures({ display: display() }, async (write) => write(payload, "msc4388"));
  expect(process.listenerCount("exit")).toBe(before);
});

it.each([
  ["there is no folder for them", () => vi.stubEnv("TMPDIR", join(folder, "nowhere")), payload, "ENOENT"],
  ["no code holds that much", () => undefined, new Uint8Array(3000), "too long"],
])("that can't be written because %s are warned of, and end nothing", async (_why, break_, bytes, said) => {
  break_();
  const shown = display();
  await withStandInPictures({ display: shown }, async (write) => {
    expect(await write(bytes, "msc4388")).toBeUndefined();
  });
  expect(shown.events).toEqual([
    { event: "warning", code: "qr_file_failed", message: expect.stringContaining(said) },
  ]);
});
