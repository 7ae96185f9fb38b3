import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../src/foundation/clock.js";
import { Failure } from "../../../src/foundation/failures.js";
import { createPictureReader } from "../../../src/qr/read/picture-reader.js";
import type { ReadPicture } from "../../../src/qr/read/source.js";
import { expectEnded } from "../../support/ended.js";
import { expectFailure } from "../../support/failures.js";
import { FakeClock } from "../../support/fake-clock.js";

const ANSWERING = [fileURLToPath(new URL("fixtures/answering.mjs", import.meta.url))];
const { env, execPath } = process;
const world = { clock: systemClock, env, execPath };
const CODE = Uint8Array.of(1);
const NO_CODE = Uint8Array.of(2);
const BREAKS = Uint8Array.of(3);
const PROCESS_ID = Uint8Array.of(4);
const LAST_ONE = Uint8Array.of(5);
const ENVIRONMENT = Uint8Array.of(6);
const NONSENSE = Uint8Array.of(7);
const TAKES_FOR_EVER = Uint8Array.of(8);

const never = new AbortController().signal;

/** The process that reads the next picture too. */
async function processOf(readPicture: ReadPicture): Promise<number> {
  return Number(Buffer.from(await readPicture(PROCESS_ID, never)).toString());
}

it("one process reads one picture after the other", async () => {
  const { readPicture } = createPictureReader(world, ANSWERING);
  expect([...(await readPicture(CODE, never)), ...(await readPicture(CODE, never))]).toEqual([1, 2]);
});

it("one that is started for a picture still to come reads it", async () => {
  let started = 0;
  const counting = {
    ...world,
    get execPath() {
      started++;
      return execPath;
    },
  };
  const { readPicture, expectPicture } = createPictureReader(counting, ANSWERING);
  expectPicture();
  expect(started).toBe(1);
  expect([...(await readPicture(CODE, never))]).toEqual([1]);
  expect(started).toBe(1);
});

it("of two pictures at once each has its own, and one is left afterwards", async () => {
  const { readPicture } = createPictureReader(world, ANSWERING);
  const processes = await Promise.all([processOf(readPicture), processOf(readPicture)]);
  expect(new Set(processes).size).toBe(2);
  const kept = await processOf(readPicture);
  const [other = Number.NaN] = processes.filter((pid) => pid !== kept);
  await expectEnded(other);
});

it("a failure there is one here, with its hint, and the next picture is read all the same", async () => {
  const { readPicture } = createPictureReader(world, ANSWERING);
  const failure = await expectFailure("no_qr_code", () => readPicture(NO_CODE, never));
  expect(failure).toMatchObject({ message: "Nothing there.", hint: "Look." });
  expect([...(await readPicture(CODE, never))]).toEqual([2]);
});

it("the process gets nothing of the environment that could be secret", async () => {
  const { readPicture } = createPictureReader(
    { ...world, env: { ...env, CI_JOB_TOKEN: "secret" } },
    ANSWERING,
  );
  const names = Buffer.from(await readPicture(ENVIRONMENT, never)).toString();
  expect(names).toContain("PATH");
  expect(names).not.toContain("TOKEN");
});

it("an answer that is none is not believed", async () => {
  const { readPicture } = createPictureReader(world, ANSWERING);
  await expectFailure("picture_unreadable", () => readPicture(NONSENSE, never));
});

describe("the next picture gets another process", () => {
  it("after one that broke it, which is unreadable", async () => {
    const { readPicture } = createPictureReader(world, ANSWERING);
    const failure = await expectFailure("picture_unreadable", () => readPicture(BREAKS, never));
    expect(failure.message).toContain("broke");
    expect([...(await readPicture(CODE, never))]).toEqual([1]);
  });

  it("after one that ended while it had nothing to do", async () => {
    const { readPicture } = createPictureReader(world, ANSWERING);
    const pid = await processOf(readPicture);
    expect([...(await readPicture(LAST_ONE, never))]).toEqual([2]);
    await expectEnded(pid);
    expect([...(await readPicture(CODE, never))]).toEqual([1]);
  });
});

describe("a process that takes for ever is ended", () => {
  it("after ten seconds", async () => {
    const clock = new FakeClock();
    const { readPicture } = createPictureReader({ ...world, clock }, ANSWERING);
    const pid = await processOf(readPicture);
    const reading = expectFailure("picture_unreadable", () => readPicture(TAKES_FOR_EVER, never));
    await clock.advance(10_000);
    expect((await reading).message).toContain("too long");
    await expectEnded(pid);
  });

  it("by the signal at any moment, with its reason", async () => {
    const { readPicture } = createPictureReader(world, ANSWERING);
    const pid = await processOf(readPicture);
    const controller = new AbortController();
    const interrupted = new Failure("interrupted");
    const reading = readPicture(TAKES_FOR_EVER, controller.signal);
    controller.abort(interrupted);
    await expect(reading).rejects.toBe(interrupted);
    await expectEnded(pid);
    await expect(readPicture(CODE, controller.signal)).rejects.toBe(interrupted);
  });
});

it.each([
  ["that isn't there", "/nowhere/to-be-found", ANSWERING],
  ["that can't do it", execPath, ["/nowhere/to-be-found.mjs"]],
])("with a program %s no picture can be read", async (_, program, args) => {
  const { readPicture } = createPictureReader({ ...world, execPath: program }, args);
  await expectFailure("picture_unreadable", () => readPicture(CODE, never));
});
