import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { withQrPictures } from "../../src/commands/qr-pictures.js";
import type { ChannelVersion, LoginEvent } from "../../src/foundation/events.js";
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
    awaiting: () => undefined,
    log: () => undefined,
    lacksRoomFor: ({ length }: Uint8Array) => length > room,
    close: async () => undefined,
  };
}

/** The pictures of codes of both versions, without --qr-file. */
function withPictures<T>(
  shown: ReturnType<typeof display>,
  run: (write: (payload: Uint8Array, channel: ChannelVersion) => Promise<string | undefined>) => Promise<T>,
): Promise<T> {
  return withQrPictures(undefined, { display: shown }, (pictureFor) =>
    run((bytes, channel) => pictureFor({ payload: bytes, channel, versions: BOTH })),
  );
}

const BOTH: readonly ChannelVersion[] = ["msc4388", "msc4108-2024"];
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

it("are written where a code has no room, each version's in its own file, for their owner alone", async () => {
  await withPictures(display(), async (write) => {
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
  await withPictures(display(), async (write) => {
    const path = (await write(payload, "msc4388")) ?? "";
    expect(await write(renewed, "msc4388")).toBe(path);
    expect(await scanPicture(await readFile(path))).toEqual(renewed);
    expect(await readdir(dirname(path))).toEqual(["msc4388.png"]);
  });
});

it("are not written where there is room: nothing is", async () => {
  await withPictures(display(payload.length), async (write) => {
    expect(await write(payload, "msc4388")).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
  });
});

it.each(["a success", "a failure"])("are gone after %s", async (end) => {
  const run = withPictures(display(), async (write) => {
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
  await withPictures(display(), async (write) => write(payload, "msc4388"));
  expect(process.listenerCount("exit")).toBe(before);
});

it.each([
  ["there is no folder for them", () => vi.stubEnv("TMPDIR", join(folder, "nowhere")), payload, "ENOENT"],
  ["no code holds that much", () => undefined, new Uint8Array(3000), "too long"],
])("that can't be written because %s are warned of, and end nothing", async (_why, break_, bytes, said) => {
  break_();
  const shown = display();
  await withPictures(shown, async (write) => {
    expect(await write(bytes, "msc4388")).toBeUndefined();
  });
  expect(shown.events).toEqual([
    { event: "warning", code: "qr_file_failed", message: expect.stringContaining(said) },
  ]);
});

describe("--qr-file", () => {
  const show = async (
    channel: ChannelVersion,
    versions: readonly ChannelVersion[],
    room = payload.length,
  ) => {
    const asked = join(folder, "asked.png");
    const shown = display(room);
    const given = await withQrPictures(asked, { display: shown }, (pictureFor) =>
      pictureFor({ payload, channel, versions }),
    );
    return { asked, given };
  };

  it.each([
    ["msc4108-2024", BOTH],
    ["msc4388", ["msc4388"]],
    ["msc4108-2024", ["msc4108-2024"]],
  ] as const)("has the code of %s among %j", async (channel, versions) => {
    const { asked, given } = await show(channel, versions);
    expect(given).toBe(asked);
    expect(await scanPicture(await readFile(asked))).toEqual(payload);
  });

  it("doesn't have the code that phones can't read, where there is one that they can", async () => {
    expect((await show("msc4388", BOTH)).given).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
  });

  it("has a code that the display has no room for, too, and needs no other picture then", async () => {
    const { asked, given } = await show("msc4108-2024", BOTH, 0);
    expect(given).toBe(asked);
    expect(await readdir(folder)).toEqual(["asked.png"]);
  });

  it("that can't be written ends it: it was asked for", async () => {
    const nowhere = join(folder, "nowhere", "asked.png");
    const shown = withQrPictures(nowhere, { display: display() }, (pictureFor) =>
      pictureFor({ payload, channel: "msc4388", versions: ["msc4388"] }),
    );
    await expect(shown).rejects.toMatchObject({ code: "file_error" });
  });
});
