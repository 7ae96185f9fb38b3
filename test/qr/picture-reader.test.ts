import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { systemClock } from "../../src/clock.js";
import { Failure } from "../../src/errors.js";
import { createPictureReader } from "../../src/qr/picture-reader.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";

const program = fileURLToPath(new URL("fixtures/answering.mjs", import.meta.url));
const CODE = Uint8Array.of(1);
const NO_CODE = Uint8Array.of(2);
const BREAKS = Uint8Array.of(3);
const TAKES_FOR_EVER = Uint8Array.of(4);

const never = new AbortController().signal;

it("one process reads one picture after the other", async () => {
  const readPicture = createPictureReader(systemClock, program);
  const [pid, first] = await readPicture(CODE, never);
  const [samePid, second] = await readPicture(CODE, never);
  expect([samePid, first, second]).toEqual([pid, 1, 2]);
});

it("a failure there is one here, with its hint, and the next picture is read all the same", async () => {
  const readPicture = createPictureReader(systemClock, program);
  const failure = await expectFailure("no_qr_code", () => readPicture(NO_CODE, never));
  expect(failure).toMatchObject({ message: "Nothing there.", hint: "Look." });
  await expect(readPicture(CODE, never)).resolves.toHaveLength(2);
});

it("a picture that breaks the process is unreadable, and the next one gets another process", async () => {
  const readPicture = createPictureReader(systemClock, program);
  const failure = await expectFailure("picture_unreadable", () => readPicture(BREAKS, never));
  expect(failure.message).toContain("broke");
  const [, count] = await readPicture(CODE, never);
  expect(count).toBe(1);
});

it("a picture that takes too long is given up", async () => {
  const clock = new FakeClock();
  const readPicture = createPictureReader(clock, program);
  const reading = expectFailure("picture_unreadable", () => readPicture(TAKES_FOR_EVER, never));
  await clock.advance(10_000);
  const failure = await reading;
  expect(failure.message).toContain("too long");
});

it("the signal ends it at any moment, with its reason", async () => {
  const readPicture = createPictureReader(systemClock, program);
  const controller = new AbortController();
  const interrupted = new Failure("interrupted");
  const reading = readPicture(TAKES_FOR_EVER, controller.signal);
  controller.abort(interrupted);
  await expect(reading).rejects.toBe(interrupted);
  await expect(readPicture(CODE, controller.signal)).rejects.toBe(interrupted);
});

it("a program that can't be started is a picture that can't be read", async () => {
  const readPicture = createPictureReader(systemClock, "/nowhere/to-be-found.mjs");
  await expectFailure("picture_unreadable", () => readPicture(CODE, never));
});
